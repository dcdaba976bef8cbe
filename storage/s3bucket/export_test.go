package s3bucket

// Warm returns s as it is after its first requests, which the SDK makes.
func Warm(s *Storage) *Storage {
	s.direct.made.Store(few)
	return s
}

// Cold returns s as it is if only the SDK can ask for objects.
func Cold(s *Storage) *Storage {
	s.direct.learn = func() *direct { return nil }
	return s
}

// IsDirect reports whether s asks for objects without the SDK, after the first ones.
func IsDirect(s *Storage) bool { return s.direct.learn() != nil }
