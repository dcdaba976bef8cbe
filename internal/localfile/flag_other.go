//go:build !unix

package localfile

import "os"

// Flag opens files and folders for reading.
const Flag = os.O_RDONLY
