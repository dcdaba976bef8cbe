package storagetest

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// For each bug of the model, the listed checks must fail.
func TestSuiteFindsBugs(t *testing.T) {
	for bug, want := range map[string][]string{
		"":                                nil,
		"missing is empty":                {"missing", "invalid keys", "aliases"},
		"missing has an error of its own": {"missing"},
		"neither handle nor error":        {"missing"},
		"File looks":                      {"missing", "lazy"},
		"Stat invents":                    {"missing"},
		"no file, no error":               {"missing", "content"},
		"invalid keys have an error of their own": {"invalid keys", "aliases"},
		"keys are cleaned":                        {"aliases"},
		"keys are unescaped":                      {"aliases", "odd keys"},
		"keys are trimmed":                        {"odd keys"},
		"backslashes are slashes":                 {"aliases"},
		"the name is the base":                    {"odd keys"},
		"File keeps what was there":               {"lazy", "replaced"},
		"content is cut":                          {"content"},
		"reading fails":                           {"lazy", "content", "handle"},
		"the handle's size is wrong":              {"content", "handle"},
		"the handle has another name":             {"handle"},
		"tags have no quotes":                     {"content", "handle", "stat"},
		"facts are nil":                           {"handle"},
		"Seek goes astray":                        {"handle"},
		"Close fails":                             {"content", "handle"},
		"Stat after reading fails":                {"content"},
		"reopening changes the tag":               {"content", "ranges"},
		"the tag stays":                           {"replaced"},
		"contexts are ignored":                    {"cancelled"},
		"handles are shared":                      {"parallel"},
		"Stat has another size":                   {"content", "stat"},
		"Stat has another tag":                    {"content"},
		"the tag is the time":                     {"dated"},
		"suffixes are offsets":                    {"ranges"},
		"long suffixes fail":                      {"ranges"},
		"ranges past the end fail":                {"ranges"},
		"unsatisfiable is empty":                  {"ranges", "ranges of nothing"},
		"unsatisfiable has an error of its own":   {"ranges", "ranges of nothing"},
		"ranges are one short":                    {"content", "ranges"},
		"a range has a size of its own":           {"content", "ranges"},
		"a range has no tag":                      {"content", "ranges"},
		"a range is another version":              {"content", "ranges"},
		"ranges are refused":                      {"ranges"},
		"sources are escaped":                     {"source"},
		"sources have no scheme":                  {"source"},
		"one source for all":                      {"source"},
		"sources look":                            {"source"},
		"a local source leads nowhere":            {"source"},
		"one identity for all":                    {"identity"},
		"identities have spaces":                  {"identity"},
		"identities change":                       {"identity"},
		"a pinned file is as any other":           {"identity"},
		"Pin returns nothing":                     {"pin"},
		"Pin looks":                               {"pin"},
		"a pinned file has another name":          {"pin"},
		"a pinned file is any version":            {"pin"},
		"another version is missing":              {"pin"},
		"pinned files don't open":                 {"pin"},
		"signing looks":                           {"sign"},
		"signed URLs have no host":                {"sign"},
		"one signed URL for all":                  {"sign"},
		"signed URLs are not escaped":             {"sign"},
		"signed URLs have ended":                  {"sign"},
		"signed URLs last too long":               {"sign"},
		"signed URLs of a window end too soon":    {"sign"},
		"signed URLs of a window last too long":   {"sign"},
		"signed URLs lead nowhere":                {"sign"},
		"signed URLs are for GET alone":           {"sign"},
		"signed URLs keep the stored fields":      {"sign"},
		"signed URLs have no options":             {"sign"},
		"lists are not sorted":                    {"list"},
		"lists are sorted by key":                 {"list"},
		"lists have whole keys":                   {"list"},
		"lists have no sizes":                     {"list"},
		"a missing folder is empty":               {"list"},
		"lists go on after an error":              {"list"},
		"an empty storage is missing":             {"list of nothing"},
		"everything exists":                       {"exists"},
		"nothing exists":                          {"exists"},
		"what doesn't exist is an error":          {"exists"},
		"Save cuts":                               {"save"},
		"Save appends":                            {"save", "save at once"},
		"Save mixes":                              {"save", "save at once"},
		"Save replaces in two steps":              {"save at once"},
		"Save takes every key":                    {"save odd keys"},
		"Save trims keys":                         {"save odd keys"},
		"Save refuses spaces":                     {"save odd keys"},
		"Save keeps a part":                       {"save fails"},
		"Save deletes what it can't replace":      {"save fails"},
		"Save hides why":                          {"save fails"},
		"Save leaves something behind":            {"save fails"},
		"Save ignores the context":                {"save fails"},
		"Delete does nothing":                     {"delete"},
		"Delete of nothing succeeds":              {"delete"},
		"Delete takes folders":                    {"delete"},
		"Delete has an error of its own":          {"delete"},
		"contexts don't stop Delete":              {"delete"},
		"times are not known":                     {"times"},
		"times are old":                           {"times"},
		"Modified is another":                     {"times"},
		"what is missing has times":               {"times"},
		"URLs are not escaped":                    {"url"},
		"URLs have any key":                       {"url"},
		"paths are relative":                      {"path"},
		"paths lead nowhere":                      {"path"},
	} {
		t.Run(bug, func(t *testing.T) {
			for _, name := range want {
				if !slices.ContainsFunc(checks(), func(c check) bool { return c.name == name }) {
					t.Errorf("there is no check %q", name)
				}
			}
			for _, c := range checks() {
				reports := slices.Contains(want, c.name)
				if bug != "" && !reports {
					continue
				}
				if err := found(t, c, newModel(bug).fixture()); (err != nil) != reports {
					t.Errorf("%s = %v, want an error: %t", c.name, err, reports)
				}
				if err := found(t, c, newModel(bug).fixture().wrapped()); (err != nil) != reports {
					t.Errorf("%s, wrapped = %v, want an error: %t", c.name, err, reports)
				}
			}
		})
	}
}

// found runs one check. It returns a panic, which some bugs cause, as an error.
func found(t *testing.T, c check, fx Fixture) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return c.run(t.Context(), fx)
}

const broken = "STORAGETEST_BROKEN"

// Run reports the errors of the checks. This needs a process of its own, since a
// subtest that fails also makes its parent fail.
func TestRunReports(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestBroken$", "-test.v")
	cmd.Env = append(os.Environ(), broken+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("Run passes a broken storage")
	}
	for _, want := range []string{
		"--- FAIL: TestBroken/replaced", "--- FAIL: TestBroken/wrapped/replaced",
		"--- PASS: TestBroken/ranges", "its entity tag is still",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
}

func TestBroken(t *testing.T) {
	if os.Getenv(broken) == "" {
		return // TestRunReports runs it
	}
	Run(t, func(*testing.T) Fixture { return newModel("the tag stays").fixture() })
}
