package command

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	otelapi "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/observe/otel"
)

// A telemetry makes the metrics and the spans of a server. A nil one makes none, and its
// methods do nothing.
type telemetry struct {
	*otel.Telemetry
	traces   trace.TracerProvider
	meters   *metric.MeterProvider
	registry *prometheus.Registry // for --metrics; nil: without
	traced   bool                 // spans are exported
	ends     []func(context.Context) error
	logger   *slog.Logger
}

// openTelemetry returns the telemetry that --metrics and the environment ask for: nil if
// they ask for none.
func openTelemetry(ctx context.Context, metrics string, logger *slog.Logger) (*telemetry, error) {
	traces, meters := asksFor("TRACES"), asksFor("METRICS")
	if metrics == "" && !traces && !meters {
		return nil, nil
	}
	t := &telemetry{traces: noop.NewTracerProvider(), traced: traces, logger: logger}
	about, err := aboutThis(ctx)
	if err != nil {
		return nil, err
	}
	if traces || meters {
		otelapi.SetErrorHandler(&exportErrors{logger: logger})
		otelapi.SetLogger(logr.FromSlogHandler(logger.Handler()))
	}
	if traces {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return nil, exporterError("TRACES", err)
		}
		p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
		t.traces, t.ends = p, append(t.ends, p.Shutdown)
	}
	options := []metric.Option{metric.WithResource(about), metric.WithView(fewAttributes, noBodySize)}
	if meters {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return nil, errors.Join(exporterError("METRICS", err), t.end())
		}
		options = append(options, metric.WithReader(reader))
	}
	if metrics != "" {
		t.registry = prometheus.NewRegistry()
		t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		exporter, err := promexporter.New(promexporter.WithRegisterer(t.registry), promexporter.WithoutScopeInfo(),
			promexporter.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes))
		if err != nil {
			return nil, err
		}
		options = append(options, metric.WithReader(exporter))
	}
	t.meters = metric.NewMeterProvider(options...)
	t.ends = append(t.ends, t.meters.Shutdown)
	t.Telemetry, err = otel.New(&otel.Options{
		TracerProvider: t.traces, MeterProvider: t.meters,
		ErrorText: func(err error) string { return cut(withoutSecrets(err.Error()), longestReason) },
	})
	return t, err
}

// asksFor reports whether the environment asks for the export of a signal. OpenTelemetry
// would export to a collector on this machine by default; here the environment has to
// say so.
func asksFor(signal string) bool {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return false
	}
	if exporter := os.Getenv("OTEL_" + signal + "_EXPORTER"); exporter != "" {
		return exporter != "none"
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}

// exporterError is the error for a signal whose exporter the environment can't make.
func exporterError(signal string, err error) error {
	return usageErrorf("OTEL_%s_EXPORTER is %q and OTEL_EXPORTER_OTLP_PROTOCOL %q: %w; want otlp, console or none, with grpc or http/protobuf",
		signal, os.Getenv("OTEL_"+signal+"_EXPORTER"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), err)
}

// aboutThis returns what describes this process: OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES win.
func aboutThis(ctx context.Context) (*resource.Resource, error) {
	own := []attribute.KeyValue{attribute.String("service.name", "downloadview")}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		own = append(own, attribute.String("service.version", info.Main.Version))
	}
	about, err := resource.New(ctx, resource.WithAttributes(own...), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if errors.Is(err, resource.ErrPartialResource) {
		return nil, usageErrorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return about, err
}

// fewAttributes drops the attributes of otelhttp's metrics that a client can choose, such
// as the host of the request.
func fewAttributes(i metric.Instrument) (metric.Stream, bool) {
	if i.Name != "http.server.request.duration" {
		return metric.Stream{}, false
	}
	return metric.Stream{
		Name: i.Name, Description: i.Description, Unit: i.Unit,
		AttributeFilter: attribute.NewAllowKeysFilter(
			"http.request.method", "http.response.status_code", "network.protocol.version", "url.scheme", "error.type"),
	}, true
}

// noBodySize drops otelhttp's sizes of bodies: they are 0 for files that the kernel sends.
func noBodySize(i metric.Instrument) (metric.Stream, bool) {
	if i.Name != "http.server.response.body.size" && i.Name != "http.server.request.body.size" {
		return metric.Stream{}, false
	}
	return metric.Stream{Name: i.Name, Aggregation: metric.AggregationDrop{}}, true
}

// flushTime is how long the last spans and metrics may take to leave.
const flushTime = 3 * time.Second

// end exports what is left.
func (t *telemetry) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	var errs []error
	for _, end := range t.ends {
		errs = append(errs, end(ctx))
	}
	return errors.Join(errs...)
}

// close is end, with a line in the log if it fails.
func (t *telemetry) close() {
	if t == nil {
		return
	}
	if err := t.end(); err != nil {
		t.logger.Warn("the last spans or metrics were not exported", "error", err)
	}
}

// transport returns a function for the transports of a storage; nil if nothing is counted.
func (t *telemetry) transport(storage string) func(http.RoundTripper) http.RoundTripper {
	if t == nil {
		return nil
	}
	if storage == "" {
		storage = "storage" // that of the argument
	}
	return func(base http.RoundTripper) http.RoundTripper { return t.Transport(storage, base) }
}

// leasesOptions returns options with which leases are counted.
func (t *telemetry) leasesOptions() *middleware.LeasesOptions {
	if t == nil {
		return nil
	}
	return &middleware.LeasesOptions{Observer: func(s middleware.LeaseState, err error) { t.Lease(s.String(), err) }}
}
