// Package traces tells a collector, by OpenTelemetry, how long requests and calls to
// the provider took, where the environment names one.
//
// Owns: which of the OTEL_* are read here and which by OpenTelemetry's SDK, and the
// names and attributes of spans.
// Promises: where no collector is named there is no tracer, and nothing is sent; no
// attribute has a path, a query, a name, an address, or the text of an error; nobody
// waits for the collector.
// Never: changes the outcome of a request; passes a trace on to the provider.
package traces

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracer makes spans. A nil *Tracer makes none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New reads the environment; nil where it names no collector. version is that of Nod.
// What cannot be sent is logged as a warning.
func New(ctx context.Context, version string, logger *slog.Logger) (*Tracer, error) {
	wanted, err := wanted()
	if err != nil || !wanted {
		return nil, err
	}
	otel.SetLogger(logr.Discard()) // it quotes settings that it cannot read
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("traces could not be sent", "error", err) }))
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	us := resource.WithAttributes(attribute.String("service.name", "nod"), attribute.String("service.version", version))
	about, err := resource.New(ctx, us, resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err), exporter.Shutdown(ctx))
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider, provider.Tracer("nod")}, nil
}

// Close sends what was not sent yet.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Request is one that is being answered.
type Request struct {
	span   trace.Span
	method string
}

// Request begins the span of a request. parent is the traceparent of a proxy, "" for
// none.
func (t *Tracer) Request(ctx context.Context, method, parent string) (context.Context, Request) {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
	ctx, span := t.tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.request.method", method)))
	return ctx, Request{span, method}
}

// End ends the span. route is as it was registered, "" for a request that has none.
func (r Request) End(route string, status int) {
	if route != "" {
		r.span.SetName(r.method + " " + route)
		r.span.SetAttributes(attribute.String("http.route", route))
	}
	r.span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= 500 {
		r.span.SetStatus(codes.Error, "")
	}
	r.span.End()
}

// Call begins the span of a call to the provider. end is told what became of it.
func (t *Tracer) Call(ctx context.Context, call string) (end func(err error)) {
	_, span := t.tracer.Start(ctx, "authy "+call, trace.WithSpanKind(trace.SpanKindClient))
	return func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "") // the log has the text
		}
		span.End()
	}
}
