package wscodec

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDialReportsARefusal(t *testing.T) {
	url, ended := echoServer(t, Server{Origins: []string{"https://a.example"}})
	client := Client{Origin: "https://b.example"}
	_, err := client.Dial(context.Background(), url)
	if !errors.Is(err, ErrHandshakeStatus) || !strings.Contains(err.Error(), "403") {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, ErrHandshakeOrigin) {
		t.Fatal(err)
	}
}

func TestARefusalHasTheResponse(t *testing.T) {
	listening := httptest.NewServer(http.RedirectHandler("/other", http.StatusFound))
	defer listening.Close()
	_, err := new(Client).Dial(context.Background(), "ws"+strings.TrimPrefix(listening.URL, "http"))
	var refused *HandshakeError
	if !errors.As(err, &refused) || !errors.Is(err, ErrHandshakeStatus) {
		t.Fatal(err)
	}
	equal(t, "status", refused.Response.Status, http.StatusFound)
	equal(t, "reason", refused.Response.Reason, "Found")
	equal(t, "Location", refused.Header.Get("Location"), "/other")
}

// authorizations returns what a server gets from a client that dials its URL with user info.
func authorizations(t *testing.T, client Client, user string) []string {
	t.Helper()
	var got []string
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header["Authorization"]
		http.NotFound(w, r)
	}))
	client.Dial(context.Background(), "ws://"+user+"@"+listening.Listener.Addr().String()+"/")
	listening.Close() // waits for the handler
	return got
}

func TestUserInfoOfTheURLIsSent(t *testing.T) {
	for user, expected := range map[string]string{
		"Aladdin:open%20sesame": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", // RFC 7617, 2
		"Aladdin":               "Basic QWxhZGRpbjo=",
	} {
		equal(t, user, authorizations(t, Client{}, user), []string{expected})
	}
	header := http.Header{"Authorization": {"Bearer x"}}
	equal(t, "own", authorizations(t, Client{Header: header}, "a:b"), []string{"Bearer x"})
	header = http.Header{"X": {"y"}}
	authorizations(t, Client{Header: header}, "a:b")
	equal(t, "Client.Header", header, http.Header{"X": {"y"}})
}

func TestAnErrorDoesNotShowThePassword(t *testing.T) {
	_, err := new(Client).Dial(context.Background(), "http://user:secret@127.0.0.1/")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Fatal(err)
	}
}

func TestDialContextConnects(t *testing.T) {
	listening := httpServer(t, Server{})
	var dialed string
	client := Client{DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		dialed = address
		return new(net.Dialer).DialContext(ctx, "tcp", listening.Listener.Addr().String())
	}}
	exchange(t, dial(t, client, "ws://host.example/"), "hello")
	equal(t, "address", dialed, "host.example:80")
}

func TestTLSChecksTheNameInTheURL(t *testing.T) {
	listening := httptest.NewUnstartedServer(upgradeAndEcho(Server{}))
	listening.Config.ErrorLog = log.New(io.Discard, "", 0) // which gets the client's refusal
	listening.StartTLS()
	defer listening.Close()
	roots := x509.NewCertPool()
	roots.AddCert(listening.Certificate())
	client := Client{
		TLS: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", listening.Listener.Addr().String())
		},
	}
	exchange(t, dial(t, client, "wss://example.com/"), "hello") // a name of the certificate
	_, err := client.Dial(context.Background(), "wss://other.example/")
	var invalid x509.HostnameError
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
}
