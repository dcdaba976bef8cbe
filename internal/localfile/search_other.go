//go:build !linux

package localfile

import (
	"errors"
	"io/fs"
	"os"
)

// Only Linux is asked to search folders that can't be read.

func isDenied(error) bool { return false }

func openSearch(string) (*os.File, error)               { return nil, errors.ErrUnsupported }
func searchable(*os.Root) (*os.File, error)             { return nil, errors.ErrUnsupported }
func searchOpen(*os.File, string) (*os.File, error)     { return nil, errors.ErrUnsupported }
func searchFolder(*os.File, string) (*os.File, error)   { return nil, errors.ErrUnsupported }
func searchStat(*os.File, string) (fs.FileInfo, error)  { return nil, errors.ErrUnsupported }
func searchLstat(*os.File, string) (fs.FileInfo, error) { return nil, errors.ErrUnsupported }
func searchCreate(*os.File, string) (*os.File, error)   { return nil, errors.ErrUnsupported }
func searchRemove(*os.File, string) error               { return errors.ErrUnsupported }
func searchRename(*os.File, string, string) error       { return errors.ErrUnsupported }
func searchMkdirAll(*os.File, string) error             { return errors.ErrUnsupported }
