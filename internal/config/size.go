package config

// ParseSize reads a number of bytes: a whole number, then nothing, B, a unit of 1000
// (kB or KB, MB, GB, TB) or a unit of 1024 (KiB, MiB, GiB, TiB). The error continues a
// sentence that begins with s.
func ParseSize(s string) (int64, error) { return size(s) }
