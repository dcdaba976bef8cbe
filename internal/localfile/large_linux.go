package localfile

import "syscall"

// Large lets an open file have more than 2 GiB where a word has 32 bits. Package os sets it
// itself, but not below an [os.Root].
const Large = syscall.O_LARGEFILE
