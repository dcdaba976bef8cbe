package downloadview

import "testing"

func TestFind(t *testing.T) {
	inner := FromBytes("a", []byte("content"), nil)
	want, ok := inner.(RangeFile)
	if !ok {
		t.Fatal("FromBytes gives no RangeFile")
	}
	for _, tt := range []struct {
		name  string
		f     File
		found bool
	}{
		{"itself", inner, true},
		{"wrapped twice", renamed{renamed{inner, "b"}, "c"}, true},
		{"nil", nil, false},
		{"no Unwrap", plainFile{inner}, false},
		{"no Unwrap inside", renamed{plainFile{inner}, "b"}, false},
		{"nil inside", renamed{nil, "b"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Find[RangeFile](tt.f)
			if ok != tt.found {
				t.Errorf("found = %t, want %t", ok, tt.found)
			}
			if tt.found && got != want {
				t.Errorf("found %v, want the file inside", got)
			}
		})
	}
	f := renamed{renamed{inner, "b"}, "c"}
	if got, ok := Find[renamed](f); !ok || got != f {
		t.Errorf("Find[renamed] = %v, %t; want the outermost", got, ok)
	}
	if _, ok := Find[interface{ Chapters() int }](f); ok {
		t.Error("found an interface that no file has")
	}
}
