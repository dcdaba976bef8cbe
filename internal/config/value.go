package config

import (
	"fmt"
	"iter"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A value is a node of the file, with its key and its line.
type value struct {
	d    *document
	node *yaml.Node
	line int    // of the key, or of an element of a list
	key  string // such as "storages.media"; "" for the whole file
}

func (v value) errorf(format string, args ...any) {
	v.d.errorf(v.line, v.key, format, args...)
}

// A field is a key that a mapping may have.
type field struct {
	name string
	need string // the end of the error if the key is missing; "": the key is optional
	read func(value)
}

// mapping reads the fields that v has. Other keys are errors.
func (v value) mapping(want string, fields []field) {
	pairs, ok := v.pairs("want " + want)
	if !ok {
		return
	}
	names := make([]string, len(fields))
	byName := make(map[string]*field, len(fields))
	for i := range fields {
		names[i] = fields[i].name
		byName[fields[i].name] = &fields[i]
	}
	for name, child := range pairs {
		f := byName[name]
		if f == nil {
			v.d.errorf(child.line, v.key, "unknown key %q; %s", name, suggestion(name, names))
			if near, ok := nearest(name, names); ok {
				byName[near].need = "" // present, but misspelt
			}
			continue
		}
		f.need = ""
		if child.isNull() {
			child.errorf("has no value; want a value, or the key left out")
			continue
		}
		f.read(child)
	}
	for _, f := range fields {
		if f.need != "" {
			v.errorf("has no %s; want %s", f.name, f.need)
		}
	}
}

// pairs returns the keys of v and their values, in order. If v is not a mapping, pairs
// adds an error and returns false.
func (v value) pairs(want string) (iter.Seq2[string, value], bool) {
	n, ok := v.resolved(yaml.MappingNode, want)
	if !ok {
		return nil, false
	}
	return func(yield func(string, value) bool) {
		lines := make(map[string]int)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Style&yaml.TaggedStyle != 0 {
				v.d.errorf(k.Line, v.key, "has a key that is %s; want a name", kind(k))
				continue
			}
			if first, twice := lines[k.Value]; twice {
				v.d.errorf(k.Line, below(v.key, k.Value), "duplicate key; the first is on line %d", first)
				continue
			}
			lines[k.Value] = k.Line
			if !yield(k.Value, value{v.d, n.Content[i+1], k.Line, below(v.key, k.Value)}) {
				return
			}
		}
	}, true
}

// has reports whether the mapping v has the key.
func (v value) has(key string) bool { return v.child(key) != nil }

// scalarOf returns the value of a key of the mapping v, if it is a single, non-empty
// value.
func (v value) scalarOf(key string) (string, bool) {
	n := v.child(key)
	if n == nil || n.Kind != yaml.ScalarNode || n.Value == "" {
		return "", false
	}
	return n.Value, true
}

func (v value) child(key string) *yaml.Node {
	n := v.target()
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// elements returns the elements of the list v. A single value is a list of one.
func (v value) elements(want string) []value {
	n := v.target()
	if n.Kind == yaml.ScalarNode {
		return []value{v}
	}
	return v.items(want)
}

// items is elements for a list of mappings, where a single value is an error.
func (v value) items(want string) []value {
	n, ok := v.resolved(yaml.SequenceNode, want)
	if !ok {
		return nil
	}
	items := make([]value, len(n.Content))
	for i, item := range n.Content {
		items[i] = value{v.d, item, item.Line, fmt.Sprintf("%s[%d]", v.key, i)}
	}
	return items
}

// resolved returns the node of v if it has the kind k. Otherwise it adds an error that
// ends with want.
func (v value) resolved(k yaml.Kind, want string) (*yaml.Node, bool) {
	n := v.target()
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		v.errorf("has the tag %q, and tags are not supported; %s", n.Tag, want)
	case n.Kind == k:
		return n, true
	case v.isNull():
		v.errorf("has no value; %s", want)
	default:
		v.errorf("is %s; %s", kind(n), want)
	}
	return nil, false
}

// target returns the node of v, or the node that it is an alias of.
func (v value) target() *yaml.Node {
	if v.node.Kind == yaml.AliasNode {
		return v.node.Alias
	}
	return v.node
}

func (v value) isNull() bool {
	n := v.target()
	return n.Kind == yaml.ScalarNode && n.Style&yaml.TaggedStyle == 0 && n.ShortTag() == "!!null"
}

func (v value) isScalar() bool { return v.target().Kind == yaml.ScalarNode && !v.isNull() }

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default:
		return fmt.Sprintf("%q", strings.ToValidUTF8(n.Value, "\uFFFD"))
	}
}
