package simulator

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
)

// callbackBody has the form that the service has sent since 2017. The device's
// signature is random: nobody can verify it, because the phones' public keys
// were never published.
func (s *Simulator) callbackBody(a approval, u user, f Faults) object {
	var deviceUUID any = u.deviceID()
	if f.LegacyDeviceUUID {
		deviceUUID = strconv.FormatInt(u.deviceID(), 10)
	}
	return object{
		{"authy_id", a.authyID}, {"device_uuid", deviceUUID}, {"callback_action", "approval_request_status"},
		{"uuid", a.uuid}, {"status", a.status},
		{"approval_request", object{
			{"transaction", transaction(a, u, f)},
			{"expiration_timestamp", expirationSeconds(a)}, {"logos", logosOrNull(a.logos)}, {"app_id", s.app.hexID},
		}},
		{"signature", deviceSignature()},
		{"device", callbackDevice(u, a)},
	}
}

func transaction(a approval, u user, f Faults) object {
	return object{
		{"details", pairsOrNull(a.details)}, {"device_details", object{}}, {"device_geolocation", ""},
		{"device_signing_time", a.processedAt.Add(f.clockSkew()).Unix()}, {"encrypted", false}, {"flagged", false},
		{"hidden_details", pairsOrNull(a.hidden)}, {"message", a.message}, {"reason", ""}, {"requester_details", nil},
		{"status", a.status}, {"uuid", a.uuid}, {"created_at_time", a.createdAt.Unix()}, {"customer_uuid", u.authyID},
	}
}

// callbackDevice describes the phone that answered. Its address is from
// TEST-NET-3, which belongs to nobody.
func callbackDevice(u user, a approval) object {
	return object{
		{"city", nil}, {"country", nil}, {"ip", "203.0.113.7"}, {"region", nil},
		{"registration_city", nil}, {"registration_country", nil}, {"registration_ip", "203.0.113.7"},
		{"registration_method", "sms"}, {"registration_region", nil}, {"os_type", u.osType()},
		{"last_account_recovery_at", nil}, {"id", u.deviceID()}, {"registration_date", u.createdAt.Unix()},
		{"last_sync_date", a.createdAt.Unix()},
	}
}

// osType is the name of the phone's system in callbacks and verifications.
func (u user) osType() string {
	if u.os == "iphone" {
		return "ios"
	}
	return u.os
}

func expirationSeconds(a approval) any {
	if a.expiresAt.IsZero() {
		return nil
	}
	return a.expiresAt.Unix()
}

// pairsOrNull returns null, not {}, for missing details.
func pairsOrNull(pairs []Detail) any {
	if len(pairs) == 0 {
		return nil
	}
	o := object{}
	for _, p := range pairs {
		o = append(o, member{p.Label, p.Value})
	}
	return o
}

func logosOrNull(logos []logo) any {
	if len(logos) == 0 {
		return nil
	}
	return logos
}

func deviceSignature() string {
	b := make([]byte, 256)
	rand.Read(b) // never returns an error
	return base64.StdEncoding.EncodeToString(b)
}
