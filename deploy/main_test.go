package deploy

import (
	"testing"

	"github.com/downloadview/downloadview/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
