package otel_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/observe/otel"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// A scene has a Telemetry, and what it has recorded.
type scene struct {
	*otel.Telemetry
	spans  *tracetest.SpanRecorder
	reader *metric.ManualReader
	traces trace.TracerProvider
	meters *metric.MeterProvider
}

func newScene() *scene {
	s := &scene{spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	s.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans))
	s.meters = metric.NewMeterProvider(metric.WithReader(s.reader))
	var err error
	s.Telemetry, err = otel.New(&otel.Options{TracerProvider: s.traces, MeterProvider: s.meters})
	if err != nil {
		panic(err)
	}
	return s
}

// handler returns a handler for the files of storage by the path of the URL.
func (s *scene) handler(storage downloadview.Storage, change func(*downloadview.Response)) http.Handler {
	v := downloadview.StorageView{Storage: storage, Key: downloadview.PathKey("/")}
	if change != nil {
		change(&v.Response)
	}
	return downloadview.NewHandler(v, &downloadview.Options{Tracer: s, Observer: s.Observe, Logger: quiet})
}

// tree returns the recorded spans as lines, children below their parents and in the order
// in which they began. Attributes of show follow the name.
func (s *scene) tree(show ...attribute.Key) string {
	below := map[trace.SpanID][]sdktrace.ReadOnlySpan{}
	known := map[trace.SpanID]bool{}
	ended := s.spans.Ended()
	for _, span := range ended {
		known[span.SpanContext().SpanID()] = true
	}
	for _, span := range ended {
		parent := span.Parent().SpanID()
		if !known[parent] {
			parent = trace.SpanID{}
		}
		below[parent] = append(below[parent], span)
	}
	var out strings.Builder
	var write func(parent trace.SpanID, indent string)
	write = func(parent trace.SpanID, indent string) {
		children := below[parent]
		slices.SortStableFunc(children, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
		for _, c := range children {
			fmt.Fprint(&out, indent, c.Name())
			set := attribute.NewSet(c.Attributes()...)
			for _, key := range show {
				if v, ok := set.Value(key); ok {
					_, short, _ := cutLast(string(key))
					fmt.Fprintf(&out, " %s=%s", short, v.String())
				}
			}
			if st := c.Status(); st.Code == codes.Error {
				fmt.Fprintf(&out, " ERROR: %s", st.Description)
			}
			fmt.Fprintln(&out)
			write(c.SpanContext().SpanID(), indent+"  ")
		}
	}
	write(trace.SpanID{}, "")
	return out.String()
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	return s[:max(i, 0)], s[i+1:], i >= 0
}

// sums returns the values of the metrics by "name{key=value …}", with a count for
// histograms.
func (s *scene) sums() map[string]int64 {
	var all metricdata.ResourceMetrics
	if err := s.reader.Collect(context.Background(), &all); err != nil {
		panic(err)
	}
	sums := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					sums[series(m.Name, p.Attributes)] = p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					sums[series(m.Name, p.Attributes)] = int64(p.Count)
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					sums[series(m.Name, p.Attributes)] = int64(p.Count)
				}
			default:
				panic(fmt.Sprintf("%s is a %T", m.Name, data))
			}
		}
	}
	return sums
}

func series(name string, set attribute.Set) string {
	var labels []string
	for _, a := range set.ToSlice() {
		labels = append(labels, string(a.Key)+"="+a.Value.String())
	}
	slices.Sort(labels)
	return strings.TrimPrefix(name, "downloadview.") + "{" + strings.Join(labels, " ") + "}"
}

// text returns the sums of metrics whose names have this prefix, one a line.
func (s *scene) text(prefix string) string {
	var b strings.Builder
	sums := s.sums()
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if strings.HasPrefix(name, prefix) {
			fmt.Fprintln(&b, name, sums[name])
		}
	}
	return b.String()
}
