package wire

import (
	"net/textproto"
	"net/url"
	"strings"
)

// plainHeaders are the headers whose values may be shown.
var plainHeaders = set(`
	Accept Accept-Encoding Accept-Language Age Allow Cache-Control Connection Content-Encoding Content-Language Content-Length
	Content-Security-Policy Content-Type Cross-Origin-Embedder-Policy Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy
	Date Dnt Expires Host Keep-Alive Last-Modified Origin Origin-Agent-Cluster Permissions-Policy Pragma Priority Referrer-Policy
	Retry-After Sec-Ch-Ua Sec-Ch-Ua-Mobile Sec-Ch-Ua-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-Gpc
	Sec-Websocket-Accept Sec-Websocket-Extensions Sec-Websocket-Key Sec-Websocket-Protocol Sec-Websocket-Version Server
	Strict-Transport-Security Te Transfer-Encoding Upgrade Upgrade-Insecure-Requests User-Agent Vary Www-Authenticate
	X-Accel-Buffering X-Authy-Signature X-Authy-Signature-Nonce X-Content-Type-Options X-Dns-Prefetch-Control
	X-Frame-Options X-Permitted-Cross-Domain-Policies X-Request-Id X-Xss-Protection`)

// plainNames are the names of fields whose values may be shown: in forms, queries
// and JSON, on either side. None of them ever holds a password, a code, a token or
// a link with one.
var plainNames = set(`
	account_disabled action action_message app_id app_installed approval_request at authy_id _authy_id
	amount before by callback_action cellphone city confirmed country country_code created_at created_at_time customer_uuid
	delivery device device_uuid device_geolocation device_signing_time devices email encrypted error_code errors expiration_timestamp
	expires_at expires_in faults flagged force has_hard_token id ignored ip issuer label last_account_recovery_at last_sync_date
	locale logo logos message name notified notice number open os_type phone_number plain processed_at qr_size reason region
	registered registration_city registration_country registration_date registration_ip registration_method registration_region
	request requester_details requests res revision seconds_to_expire server_time signature status success transaction
	transfers up_to url user uuid via why`)

// openNames are the names of what has names of its own: a label and its value.
var openNames = set("details details_list device_details hidden_details")

func set(names string) map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(names) {
		all[name] = true
	}
	return all
}

// maskRequestHead masks the path, the query and the headers of a request.
func maskRequestHead(head []byte, p Point) string {
	line, headers, whole := startLine(head)
	parts := strings.Split(line, " ")
	if !whole || len(parts) != 3 || !isToken(parts[0]) || !strings.HasPrefix(parts[2], "HTTP/") {
		return Mask
	}
	parts[1] = maskTarget(parts[1], p)
	return strings.Join(parts, " ") + "\r\n" + maskHeaders(headers, p)
}

func maskAnswerHead(head []byte, p Point) string {
	line, headers, whole := startLine(head)
	if !whole {
		return Mask
	}
	return line + "\r\n" + maskHeaders(headers, p)
}

// startLine cuts a head after its first line. whole is false where some lines end
// otherwise than the rest, and readers may see other headers than we do.
func startLine(head []byte) (line, headers string, whole bool) {
	text := string(head)
	line, headers, _ = strings.Cut(text, "\r\n")
	return line, headers, !strings.ContainsAny(strings.ReplaceAll(text, "\r\n", ""), "\r\n")
}

// isToken says whether text may be a method.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_'
	})
}

func maskHeaders(headers string, p Point) string {
	lines := strings.Split(headers, "\r\n")
	for i, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found {
			if line != "" {
				lines[i] = Mask // the rest of a folded line, or of nothing known
			}
			continue
		}
		lines[i] = name + ":" + maskHeader(textproto.CanonicalMIMEHeaderKey(name), value, p)
	}
	return strings.Join(lines, "\r\n")
}

func maskHeader(name, value string, p Point) string {
	bare := strings.TrimLeft(value, " \t")
	space := value[:len(value)-len(bare)]
	switch {
	case plainHeaders[name]:
		return value
	case name == "Location" || name == "Referer":
		return space + maskURL(bare, p)
	case name == "Cookie":
		return space + maskCookies(bare)
	case name == "Set-Cookie":
		return space + maskSetCookie(bare)
	default:
		return space + Mask
	}
}

// maskCookies leaves the names of cookies.
func maskCookies(value string) string {
	pairs := strings.Split(value, "; ")
	for i, pair := range pairs {
		pairs[i] = maskPair(pair)
	}
	return strings.Join(pairs, "; ")
}

func maskPair(pair string) string {
	name, _, found := strings.Cut(pair, "=")
	if !found {
		return Mask
	}
	return name + "=" + Mask
}

// maskSetCookie leaves the name of a cookie and its attributes.
func maskSetCookie(value string) string {
	parts := strings.Split(value, ";")
	parts[0] = maskPair(parts[0])
	for i, part := range parts[1:] {
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "=")
		switch name {
		case "path", "expires", "max-age", "httponly", "secure", "samesite", "domain":
		default:
			parts[i+1] = Mask
		}
	}
	return strings.Join(parts, ";")
}

// maskURL masks a link to ourselves; only the origin of any other is shown, which
// p does not know either.
func maskURL(link string, p Point) string {
	origin := ""
	if scheme, rest, found := strings.Cut(link, "://"); found {
		host, path, _ := strings.Cut(rest, "/")
		if strings.ContainsAny(host, "@?#") {
			return Mask
		}
		if len(host) == len(rest) {
			return link
		}
		origin, link = scheme+"://"+host, "/"+path
	}
	link, fragment, found := strings.Cut(link, "#")
	masked := origin + maskTarget(link, p)
	if found {
		masked += "#" + maskAll([]byte(fragment))
	}
	return masked
}

// maskTarget masks what no list names of a path and its query.
func maskTarget(target string, p Point) string {
	path, query, found := strings.Cut(target, "?")
	masked := p.maskPath(path)
	if found {
		masked += "?" + maskForm(query, p)
	}
	return masked
}

func (p Point) maskPath(path string) string {
	route, _ := p.match(path)
	if route == "" {
		return "/" + Mask
	}
	parts, names := strings.Split(path, "/"), strings.Split(route, "/")
	for i, name := range names {
		if strings.HasPrefix(name, "{") && (name == "{token}" || !isID(parts[i])) {
			parts[i] = Mask
		}
	}
	return strings.Join(parts, "/")
}

// isID says whether an argument looks as the ids of Authy and Nod do.
func isID(text string) bool {
	return text == "" || len(text) <= 64 && isToken(text)
}

// maskForm masks a query or the body of a form.
func maskForm(form string, p Point) string {
	pairs := strings.Split(form, "&")
	for i, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		switch {
		case pair == "":
		case err != nil || !found || !isName(plain):
			pairs[i] = Mask
		case plain == "to":
			pairs[i] = name + "=" + p.maskTo(value)
		case !isPlain(plain):
			pairs[i] = name + "=" + Mask
		}
	}
	return strings.Join(pairs, "&")
}

// maskTo masks what a form leads back to: one of our paths may be shown, and no query.
func (p Point) maskTo(value string) string {
	to, err := url.QueryUnescape(value)
	path, _, query := strings.Cut(to, "?")
	switch {
	case err != nil || p.maskPath(path) != path:
		return Mask
	case query:
		return url.QueryEscape(path) + "?" + Mask
	}
	return value
}

// isName keeps what is no name of a field from being shown as one.
func isName(name string) bool { return len(name) <= 100 }

// isPlain says whether the value of a field may be shown: details[Browser], as
// Ruby on Rails spells nested names.
func isPlain(name string) bool {
	for part := range strings.SplitSeq(strings.ReplaceAll(name, "]", ""), "[") {
		switch {
		case openNames[part]:
			return true
		case part != "" && !plainNames[part]:
			return false
		}
	}
	return name != ""
}
