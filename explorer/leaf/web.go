package leaf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"headscope/models/tensor"
)

const (
	maxFetch     = 256 << 20 // bytes; the largest of mm's files have 5 MB
	fetchTimeout = 2 * time.Minute
)

type web struct {
	ctx      context.Context
	client   *http.Client
	maxBytes int64
}

// Web finds matrices by http and https URLs. It goes to the network, so it is only for who
// allows it. A file may have up to 256 MiB and take up to two minutes; ctx ends all of it.
func Web(ctx context.Context) Finder {
	return web{ctx, &http.Client{Timeout: fetchTimeout}, maxFetch}
}

func (web) Where() string { return "the web" }

var webURL = regexp.MustCompile(`^(?i)https?://`)

func (w web) Find(address string) (tensor.Tensor, bool, error) {
	if !webURL.MatchString(address) {
		return tensor.Tensor{}, false, nil
	}
	t, err := w.fetch(address)
	if err != nil {
		return tensor.Tensor{}, false, fmt.Errorf("cannot fetch %s: %w", show(address), err)
	}
	return t, true, nil
}

// fetch puts what the URL names into a temporary file, as the formats' readers map files.
func (w web) fetch(address string) (t tensor.Tensor, err error) {
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, address, nil)
	if err != nil {
		return t, withoutURL(err)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return t, withoutURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return t, fmt.Errorf("the server answered %.80q", response.Status)
	}
	folder, err := os.MkdirTemp("", "headscope-fetch-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(folder)
	name := filepath.Join(folder, "data")
	f, err := os.Create(name)
	if err != nil {
		return t, err
	}
	n, err := io.Copy(f, io.LimitReader(response.Body, w.maxBytes+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return t, err
	}
	if n > w.maxBytes {
		return t, fmt.Errorf("it has more than %d bytes: save it to a folder and name that", w.maxBytes)
	}
	if t, err = readMatrix(name); err != nil {
		// The temporary file's name would tell nobody anything.
		return t, errors.New(strings.ReplaceAll(err.Error(), name, "its content"))
	}
	return t, nil
}

// withoutURL is the cause of a client's error, which repeats the URL.
func withoutURL(err error) error {
	if cause := errors.Unwrap(err); cause != nil {
		return cause
	}
	return err
}
