# Sends what the gem authy 3.0.1 sends, by Ruby's own net/http: forms with
# brackets in the body of a POST, in the query of a GET, the key in a header. It
# is no copy of the gem: the gem cannot be had where the tests run. It reads
# lines {"method":…,"path":…,"params":{…}} and answers each with
# {"status":…,"body":…}.
require "cgi"
require "json"
require "net/http"

base, key = ARGV

def pairs(value, name = nil)
  case value
  when Hash then value.map { |k, v| pairs(v, name ? "#{name}[#{k}]" : k) }.join("&")
  when Array then value.map { |v| pairs(v, "#{name}[]") }.join("&")
  else "#{CGI.escape(name)}=#{CGI.escape(value.to_s)}"
  end
end

$stdout.sync = true
while (line = $stdin.gets)
  step = JSON.parse(line)
  uri = URI("#{base}/#{step["path"]}")
  post = step["method"] == "POST"
  uri.query = pairs(step["params"]) unless post || step["params"].empty?
  request = (post ? Net::HTTP::Post : Net::HTTP::Get).new(uri)
  request["X-Authy-API-Key"] = key
  request["User-Agent"] = "AuthyRuby/3.0.1 (#{RUBY_PLATFORM}, Ruby #{RUBY_VERSION})"
  if post
    request.content_type = "application/x-www-form-urlencoded"
    request.body = pairs(step["params"])
  end
  response = Net::HTTP.start(uri.host, uri.port, nil) { |http| http.request(request) }
  puts JSON.generate(status: response.code.to_i, body: response.body)
end
