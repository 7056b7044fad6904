package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// watchdog is a service elsewhere that complains when it is no longer called.
type watchdog struct {
	url    string
	client *http.Client
	called prometheus.Gauge // when it was last called and answered well
}

const watchdogTimeout = 10 * time.Second

// CheckURL says what is wrong with a watchdog's URL, without quoting it. None is well too.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if address != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return errors.New("it must begin with http:// or https:// and name a host")
	}
	return nil
}

func newWatchdog(address string, client *http.Client) (*watchdog, error) {
	if err := CheckURL(address); err != nil {
		return nil, fmt.Errorf("the watchdog's URL: %w", err)
	}
	if client == nil {
		client = &http.Client{
			Timeout:       watchdogTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &watchdog{url: address, client: client, called: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "keng_watchdog_last_success_timestamp_seconds", Help: "When the watchdog's URL was last called and answered well, in seconds since 1970; 0: never by this process.",
	})}, nil
}

// callWatchdog calls the watchdog again and again while all is well.
func (w *Watcher) callWatchdog(ctx context.Context) {
	tick := time.NewTicker(WatchdogEvery)
	defer tick.Stop()
	said := "" // what the log has been told, so as not to be told it twice a minute
	for {
		problem := ""
		if err := w.Well(ctx); err != nil {
			problem = "the watchdog is not called: " + err.Error()
		} else if err := w.dog.call(ctx); err != nil {
			problem = "the watchdog could not be called: " + err.Error()
		}
		switch {
		case ctx.Err() != nil:
			return
		case problem != said && problem != "":
			w.logger.Error(problem)
		case problem != said:
			w.logger.Info("the watchdog is called again")
		}
		said = problem
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// call calls the URL once. Its address may hold a secret: errors do not quote it.
func (d *watchdog) call(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return errors.New("the URL is not usable")
	}
	request.Header.Set("User-Agent", "keng-hub")
	response, err := d.client.Do(request)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection may be used again
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %s", response.Status)
	}
	d.called.SetToCurrentTime()
	return nil
}
