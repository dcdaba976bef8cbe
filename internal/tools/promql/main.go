// Command promqlcheck runs the queries of a Grafana dashboard and of Prometheus' alert
// rules over metrics that a server has exported.
//
//	promqlcheck DASHBOARD.json ALERTS.yaml SCRAPE…
//
// The scrapes are texts of /metrics, in the order in which they were taken; each is taken
// for one of half a minute after the one before. A query of the dashboard must have a
// result. So must the left side of the comparison of an alert, since without a fault
// the alert itself has none. It prints a line for each query, and fails if one is wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "want DASHBOARD.json ALERTS.yaml SCRAPE...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// between is the time between two scrapes.
const between = 30 * time.Second

func run(dashboard, alerts string, scrapes []string) error {
	dir, err := os.MkdirTemp("", "promqlcheck")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := tsdb.Open(dir, nil, nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return err
	}
	defer db.Close()
	c := &checker{
		db:  db,
		ts:  time.Now().Truncate(time.Second).Add(-time.Duration(len(scrapes)) * between),
		eng: promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute}),
	}
	for _, file := range scrapes {
		if err := c.load(file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return errors.Join(c.dashboard(dashboard), c.alerts(alerts))
}

// A checker runs queries at the time of the last scrape.
type checker struct {
	db  *tsdb.DB
	eng *promql.Engine
	ts  time.Time
}

// load adds a scrape.
func (c *checker) load(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	c.ts = c.ts.Add(between)
	app := c.db.Appender(context.Background())
	if err := c.add(app, labels.FromStrings("__name__", "up"), 1); err != nil {
		return err
	}
	p := textparse.NewPromParser(text, labels.NewSymbolTable(), false)
	for {
		entry, err := p.Next()
		switch {
		case errors.Is(err, io.EOF):
			return app.Commit()
		case err != nil:
			return err
		case entry != textparse.EntrySeries:
			continue
		}
		_, _, value := p.Series()
		var l labels.Labels
		p.Labels(&l)
		if err := c.add(app, l, value); err != nil {
			return err
		}
	}
}

// add adds a sample, with the labels that Prometheus adds.
func (c *checker) add(app storage.Appender, l labels.Labels, value float64) error {
	b := labels.NewBuilder(l)
	b.Set("job", "downloadview")
	b.Set("instance", "127.0.0.1:9090")
	_, err := app.Append(0, b.Labels(), c.ts.UnixMilli(), value)
	return err
}

// query returns the number of series in the result.
func (c *checker) query(expr string) (int, error) {
	q, err := c.eng.NewInstantQuery(context.Background(), c.db, nil, expr, c.ts)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	res := q.Exec(context.Background())
	if res.Err != nil {
		return 0, res.Err
	}
	v, err := res.Vector()
	if err != nil {
		return 0, err
	}
	return len(v), nil
}

// must runs a query that has a result.
func (c *checker) must(name, expr string) error {
	n, err := c.query(expr)
	if err == nil && n == 0 {
		err = errors.New("no result")
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", name, expr, err)
	}
	fmt.Printf("%s: %d series\n", name, n)
	return nil
}

// A panel is what a dashboard has of one.
type panel struct {
	Title   string
	Panels  []panel // of a row
	Targets []struct{ Expr string }
}

// variables are Grafana's own variables, and those of the dashboard.
var variables = strings.NewReplacer("$__rate_interval", "5m", "$__interval", "1m", "$__range", "5m", "$job", ".*", "$instance", ".*")

func (c *checker) dashboard(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var d panel
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	n, err := c.panels(d.Panels)
	if n == 0 {
		return errors.Join(err, fmt.Errorf("%s has no queries", file))
	}
	return err
}

func (c *checker) panels(all []panel) (n int, err error) {
	for _, p := range all {
		m, below := c.panels(p.Panels)
		n, err = n+m, errors.Join(err, below)
		for _, t := range p.Targets {
			n++
			expr := variables.Replace(t.Expr)
			if strings.Contains(expr, "$") {
				err = errors.Join(err, fmt.Errorf("%s: unknown variable in %s", p.Title, expr))
				continue
			}
			err = errors.Join(err, c.must("panel "+p.Title, expr))
		}
	}
	return n, err
}

func (c *checker) alerts(file string) (err error) {
	groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	n := 0
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			n++
			if _, wrong := c.query(r.Expr); wrong != nil {
				err = errors.Join(err, fmt.Errorf("alert %s: %w", r.Alert, wrong))
				continue
			}
			left, wrong := leftSide(r.Expr)
			if wrong == nil {
				wrong = c.must("alert "+r.Alert, left)
			}
			err = errors.Join(err, wrong)
		}
	}
	if n == 0 {
		return fmt.Errorf("%s has no alerts", file)
	}
	return err
}

// leftSide returns what an expression compares; an "and" is what its left side compares.
func leftSide(expr string) (string, error) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return "", err
	}
	for {
		switch b := e.(type) {
		case *parser.ParenExpr:
			e = b.Expr
		case *parser.BinaryExpr:
			if b.Op.IsComparisonOperator() {
				return b.LHS.String(), nil
			}
			e = b.LHS
		default:
			return "", fmt.Errorf("%s compares nothing", expr)
		}
	}
}
