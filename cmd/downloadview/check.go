package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// localParameters are the parameters of the Go CDK's drivers, by scheme.
var localParameters = map[string][]string{
	"file": {"create_dir", "base_url", "secret_key_path", "metadata", "no_tmp_dir", "dir_file_mode"},
	"mem":  {"nomd5"},
}

// check returns an error if the URL of a bucket is wrong. It opens nothing, looks for no
// credentials, and doesn't depend on the environment. It is a [command.Checker].
func check(u *url.URL) error {
	known, local := localParameters[u.Scheme]
	if local {
		return checkLocal(u, known)
	}
	known = map[string][]string{"s3": s3Parameters, "gs": gsParameters, "azblob": azureParameters}[u.Scheme]
	at, err := locate(u, known)
	if err != nil {
		return err
	}
	q := at.parameters
	switch u.Scheme {
	case "s3":
		if _, err := endpoint("endpoint", q.Get("endpoint")); err != nil {
			return err
		}
		if err := checkRole(q.Get("role")); err != nil {
			return err
		}
		is, err := s3Switches(q)
		if err != nil {
			return err
		}
		if err := checkARN(at.bucket, is); err != nil {
			return err
		}
		return checkHosts(at, is)
	case "gs":
		_, err = enabled(q, "anonymous")
	case "azblob":
		err = checkAzure(q)
	default:
		err = fmt.Errorf("has the unknown scheme %q", u.Scheme)
	}
	return err
}

func checkLocal(u *url.URL, known []string) error {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fmt.Errorf("has no proper query: %w", err)
	}
	if err := checkFolder(u); err != nil {
		return err
	}
	if q.Has("sign_endpoint") {
		return errors.New(`has the parameter "sign_endpoint", and can't sign URLs; want it left out`)
	}
	if err := checkNames(q, known); err != nil {
		return err
	}
	if err := checkParts(q); err != nil {
		return err
	}
	return checkFile(u, q)
}

// checkFile refuses values of parameters that the driver of file:// doesn't take.
func checkFile(u *url.URL, q url.Values) error {
	if u.Scheme != "file" {
		return nil
	}
	prefix := strings.TrimSuffix(q.Get("prefix"), "/")
	_, noMode := strconv.ParseUint(cmp.Or(q.Get("dir_file_mode"), "0"), 0, 32)
	_, noURL := url.Parse(q.Get("base_url"))
	switch {
	case q.Has("prefix") && !fs.ValidPath(prefix):
		return fmt.Errorf("has the prefix %q, which is not a folder; want one such as prefix=2026/", q.Get("prefix"))
	case q.Get("metadata") != "" && q.Get("metadata") != "skip":
		return fmt.Errorf("has the metadata %q; want skip, or no such parameter for metadata in files beside the others", q.Get("metadata"))
	case noMode != nil:
		return fmt.Errorf("has the dir_file_mode %q; want a number such as 0755", q.Get("dir_file_mode"))
	case (q.Get("base_url") == "") != (q.Get("secret_key_path") == ""):
		return errors.New("has one of base_url and secret_key_path; want both, or neither")
	case noURL != nil:
		return fmt.Errorf("has the base_url %q, which is not a URL; want such as http://127.0.0.1:8080/", q.Get("base_url"))
	}
	return nil
}

func checkAzure(q url.Values) error {
	for _, name := range []string{"localemu", "cdn"} {
		if _, err := enabled(q, name); err != nil {
			return err
		}
	}
	switch protocol := q.Get("protocol"); {
	case strings.Contains(q.Get("domain"), "://"):
		scheme, host, _ := strings.Cut(q.Get("domain"), "://")
		return usagef("has the domain %q with a scheme; want protocol=%s&domain=%s", q.Get("domain"), scheme, host)
	case !slices.Contains([]string{"", "http", "https"}, protocol):
		return usagef("has the protocol %q; want http or https", protocol)
	}
	return nil
}
