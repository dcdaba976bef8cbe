package doctor

import "slices"

// order lists every check, so that each report has all of them; those of a tier are only
// in the report of one.
var order = []struct {
	step  Step
	names []string
}{
	{StorageStep, []string{
		"storage-save", "storage-read", "storage-path", "storage-names", "storage-missing", "storage-clock", "storage-remove",
	}},
	{AppStep, []string{
		"app-answers", "app-handover", "app-headers", "app-names", "app-missing", "app-client-headers", "app-clock",
		"app-not-public",
	}},
	{ProxyStep, []string{
		"proxy-answers", "proxy-location", "proxy-clock", "proxy-connection", "proxy-file", "proxy-sends", "proxy-names",
		"proxy-long-header", "proxy-head", "proxy-range", "proxy-conditional", "proxy-encoding", "proxy-symlinks",
	}},
	{TierStep, []string{
		"tier-nodes", "tier-settings", "tier-kept", "tier-clock",
	}},
	{TogetherStep, []string{
		"whole-headers", "whole-client-headers", "whole-missing", "whole-directory", "whole-error-pages", "whole-cache",
	}},
}

// answersFirst moves failed checks first that say that a server doesn't answer: the
// others say little until that is corrected.
func answersFirst(checks []Check) []Check {
	silent := func(c Check) bool {
		return c.Result == Failed && (c.Name == "app-answers" || c.Name == "proxy-answers")
	}
	slices.SortStableFunc(checks, func(a, b Check) int {
		switch {
		case silent(a) && !silent(b):
			return -1
		case silent(b) && !silent(a):
			return 1
		}
		return 0
	})
	return checks
}

// inOrder returns checks in order. It adds those that were not made, as not
// applicable, with the reason why their step ended early.
func inOrder(checks []Check, ended map[Step]string, tiered bool) []Check {
	var all []Check
	for _, o := range order {
		if o.step == TierStep && !tiered {
			continue
		}
		for _, name := range o.names {
			i := slices.IndexFunc(checks, func(c Check) bool { return c.Name == name })
			if i >= 0 {
				all = append(all, checks[i])
				continue
			}
			why := ended[o.step]
			if why == "" {
				why = "an earlier check failed"
			}
			all = append(all, Check{Step: o.step, Name: name, Result: NotApplicable, Detail: why})
		}
	}
	return all
}
