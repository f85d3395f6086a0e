package traces_test

import (
	"log/slog"
	"strings"
	"testing"

	"nod/traces"
)

// Nothing is traced unless a collector is named, and what is named wrongly is said
// without the value.
func TestTheEnvironment(t *testing.T) {
	for _, test := range []struct {
		set    string // NAME=value, separated by spaces
		traced bool
		wrong  string
	}{
		{"", false, ""},
		{"OTEL_SERVICE_NAME=nod OTEL_RESOURCE_ATTRIBUTES=a=b", false, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", true, ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://127.0.0.1:1/v1/traces", true, ""},
		{"OTEL_TRACES_EXPORTER=otlp", true, ""},
		{"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", false, ""},
		{"OTEL_SDK_DISABLED=true OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", false, ""},
		{"OTEL_TRACES_EXPORTER=zipkin", false, "OTEL_TRACES_EXPORTER: want otlp or none"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=hush:4318", false, "OTEL_EXPORTER_OTLP_ENDPOINT: want http://"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, "OTEL_EXPORTER_OTLP_PROTOCOL: want http/protobuf"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 OTEL_EXPORTER_OTLP_HEADERS=hush", false, "OTEL_EXPORTER_OTLP_HEADERS: want name=value"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 OTEL_EXPORTER_OTLP_HEADERS=api-key=hush", true, ""},
	} {
		t.Run(test.set, func(t *testing.T) {
			for pair := range strings.FieldsSeq(test.set) {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			tracer, err := traces.New(t.Context(), "v1", slog.New(slog.DiscardHandler))
			if (tracer != nil) != test.traced || (err == nil) != (test.wrong == "") {
				t.Fatalf("got a tracer: %t, %v", tracer != nil, err)
			}
			if err != nil && (!strings.Contains(err.Error(), test.wrong) || strings.Contains(err.Error(), "hush")) {
				t.Errorf("got %v", err)
			}
			if err := tracer.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
