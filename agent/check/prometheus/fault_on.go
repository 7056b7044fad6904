//go:build fault

package prometheus

import (
	"io"
	"os"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// decode reads a page in the Prometheus text format, unless a stub is planted that finds
// nothing on it: the stories that rest on metrics must then fail.
func decode(page io.Reader) (map[string]*dto.MetricFamily, error) {
	if os.Getenv("KENG_FAULT") == "prometheus" {
		return nil, nil
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(page)
}
