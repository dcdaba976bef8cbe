// Command manifests checks the YAML files of deploy: objects of Kubernetes strictly by
// the types of its API, and a compose file by the schema of the compose specification.
//
//	manifests FILE…
//
// A file whose name is compose.yaml is a compose file. An unknown field is an error.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	failed := false
	for _, file := range os.Args[1:] {
		check := objects
		if filepath.Base(file) == "compose.yaml" {
			check = compose
		}
		n, err := check(file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
			continue
		}
		fmt.Printf("%s: %d checked\n", file, n)
	}
	if failed {
		os.Exit(1)
	}
}

// objects checks the objects of Kubernetes in a file, and returns how many there are.
func objects(file string) (int, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return 0, err
		}
	}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(content)))
	for n := 0; ; {
		document := make([]byte, len(content))
		size, err := documents.Read(document)
		if errors.Is(err, io.EOF) {
			if n == 0 {
				return 0, errors.New("no object")
			}
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if _, _, err := decoder.Decode(document[:size], nil, nil); err != nil {
			return n, err
		}
		n++
	}
}

// compose checks a compose file, and returns how many services there are.
func compose(file string) (int, error) {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithName("check"))
	if err != nil {
		return 0, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return 0, err
	}
	return len(project.Services), nil
}
