package prometheus

import "testing"

func FuzzParsePage(f *testing.F) {
	f.Add([]byte("# TYPE a gauge\na{b=\"c\"} 1\n"))
	f.Add([]byte("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 3\nh_count 4"))
	f.Add([]byte("# TYPE s summary\ns{quantile=\"0.5\"} 2\ns_sum 3\n"))
	f.Add([]byte("{\"utf8.name\",l=\"x\"} 1"))
	f.Fuzz(func(t *testing.T, page []byte) {
		if count, err := parse(page, func(s sample) { _ = s.name() }); err == nil && count < 0 {
			t.Fatal(count)
		}
	})
}
