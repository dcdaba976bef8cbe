package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/downloadview/downloadview/internal/config"
)

// metricsFlags are the flags for metrics.
type metricsFlags struct {
	Metrics string `placeholder:"ADDR" group:"Metrics:" help:"Where to listen for Prometheus and for health checks: HOST:PORT, or unix:PATH as for --listen. GET /metrics has the metrics, /livez says that the process runs, and /readyz that it takes downloads; /readyz?stores asks the stores, too. Nothing else is served there, and these paths are not among those of --listen. Default: nowhere."`
}

// apply sets the value of the flag in c, where it wins over the file.
func (f *metricsFlags) apply(c *config.Config) error {
	if f.Metrics == "" {
		return nil
	}
	if _, err := config.ParseAddress(f.Metrics); err != nil {
		return usageErrorf("--metrics %q %w", f.Metrics, err)
	}
	c.Metrics, c.MetricsLine = f.Metrics, 0
	return nil
}

// A metricsServer answers Prometheus and health checks.
type metricsServer struct {
	http *http.Server
	ln   net.Listener
	url  string
}

// listenForMetrics listens at addr, which config.ParseAddress accepts.
func listenForMetrics(addr string, t *telemetry, ready *readiness, logger *slog.Logger) (*metricsServer, error) {
	a, err := config.ParseAddress(addr)
	if err != nil {
		return nil, usageErrorf("--metrics %q %w", addr, err)
	}
	ln, err := listenAt(a)
	if err != nil {
		return nil, errors.New(strings.Replace(err.Error(), "--listen", "--metrics", 1))
	}
	mux := http.NewServeMux()
	errorLog := slog.NewLogLogger(logger.Handler(), slog.LevelWarn)
	mux.Handle("GET /metrics", promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{ErrorLog: errorLog, Timeout: 10 * time.Second}))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answerCheck(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		answerCheck(w, ready.problems(r.Context(), r.URL.Query().Has("stores")))
	})
	return &metricsServer{
		http: &http.Server{
			Handler: mux, ErrorLog: errorLog,
			ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		},
		ln: ln, url: urlOf("http", a, ln),
	}, nil
}

// start serves until stop is called, which waits a second at most for running requests.
func (m *metricsServer) start() (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.http.Serve(m.ln)
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if m.http.Shutdown(ctx) != nil {
			m.http.Close()
		}
		<-done
	}
}

// answerCheck answers a health check: "ok", or 503 with a line for each problem.
func answerCheck(w http.ResponseWriter, problems []string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if len(problems) == 0 {
		io.WriteString(w, "ok\n")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
}
