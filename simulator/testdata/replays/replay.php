<?php
// Sends what authy/php 3.0.4 sends, by PHP's own curl: everything in the query,
// also for a POST, whose body is empty; with "multipart", an array as the body,
// as scripts without a library do. It is no copy of the library: that cannot be
// had where the tests run. It reads lines {"method":…,"path":…,"params":{…}} and
// answers each with {"status":…,"body":…}.
[, $base, $key, $how] = $argv;
while (($line = fgets(STDIN)) !== false) {
    $step = json_decode($line, true);
    $url = $base . '/' . $step['path'];
    $curl = curl_init();
    $headers = ['X-Authy-API-Key: ' . $key, 'User-Agent: AuthyPHP/3.0.4 (PHP ' . PHP_VERSION . ')'];
    if ($step['method'] === 'POST') {
        curl_setopt($curl, CURLOPT_POST, true);
        curl_setopt($curl, CURLOPT_POSTFIELDS, '');
    }
    if ($step['method'] === 'POST' && $how === 'multipart') {
        $flat = [];
        foreach (explode('&', http_build_query($step['params'])) as $pair) {
            [$name, $value] = array_map('urldecode', explode('=', $pair . '='));
            $flat[$name] = $value;
        }
        curl_setopt($curl, CURLOPT_POSTFIELDS, $flat);
    } elseif ($step['params']) {
        $url .= '?' . http_build_query($step['params']);
    }
    curl_setopt_array($curl, [CURLOPT_URL => $url, CURLOPT_HTTPHEADER => $headers, CURLOPT_RETURNTRANSFER => true, CURLOPT_PROXY => '']);
    $body = curl_exec($curl);
    echo json_encode(['status' => curl_getinfo($curl, CURLINFO_RESPONSE_CODE), 'body' => (string) $body]), "\n";
}
