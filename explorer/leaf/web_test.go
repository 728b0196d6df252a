package leaf

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestWebIsBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, strings.Repeat("1,2\n", 100))
	}))
	defer server.Close()
	finder := web{t.Context(), server.Client(), 400}
	if m, ok, err := finder.Find(server.URL + "/exact"); !ok || err != nil || m.Rows() != 100 {
		t.Errorf("a file of exactly the limit: %v %v %v", m.Shape, ok, err)
	}
	finder.maxBytes--
	if _, ok, err := finder.Find(server.URL + "/larger"); ok || err == nil || !strings.Contains(err.Error(), "more than 399 bytes") {
		t.Errorf("a file above the limit: %v %v", ok, err)
	}
	finder.client = &http.Client{Timeout: 20 * time.Millisecond}
	if _, ok, err := finder.Find(server.URL + "/slow"); ok || err == nil || !strings.Contains(err.Error(), "Timeout") {
		t.Errorf("a server that does not answer: %v %v", ok, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, ok, err := Web(ctx).Find(server.URL + "/slow"); ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a fetch that is ended: %v %v", ok, err)
	}
}
