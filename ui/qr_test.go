package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"psdeck/auth"
	"psdeck/session"
)

// modules reads the rows of a drawn code back: true is dark.
func modules(rows []string, onDark bool) [][]bool {
	var grid [][]bool
	for _, row := range rows {
		var upper, lower []bool
		for _, r := range row {
			upper = append(upper, (r == '█' || r == '▀') != onDark)
			lower = append(lower, (r == '█' || r == '▄') != onDark)
		}
		grid = append(grid, upper, lower)
	}
	return grid
}

// What is drawn is the code, dark modules dark on either background, with a
// light margin around it.
func TestQRRows(t *testing.T) {
	const url = "https://login.microsoftonline.com/common/oauth2/deviceauth"
	code, err := qr.Encode(url, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for _, onDark := range []bool{false, true} {
		grid := modules(qrRows(url, onDark), onDark)
		for y := -qrMargin; y < code.Size+qrMargin; y++ {
			for x := -qrMargin; x < code.Size+qrMargin; x++ {
				if got := grid[y+qrMargin][x+qrMargin]; got != code.Black(x, y) {
					t.Fatalf("on dark %v: module %d,%d is dark: %v", onDark, x, y, got)
				}
			}
		}
	}
	if rows := qrRows(strings.Repeat("x", 5000), true); rows != nil {
		t.Error("a text that fits in no code was drawn")
	}
}

func TestQRIsShown(t *testing.T) {
	srv := newFakeServer()
	srv.connect = func(ctx context.Context, _ session.Target, watch func(session.Event)) error {
		watch(session.DeviceCodeShown{Code: auth.DeviceCode{URL: "https://login.example/device", UserCode: "GT7K-29QX", Expires: time.Now().Add(15 * time.Minute)}})
		<-ctx.Done()
		return ctx.Err()
	}
	for _, c := range []struct {
		w, h int
		want string
	}{{100, 34, "▀"}, {80, 18, textQRSmall}} {
		onScreen(t, c.w, c.h, srv.open("contoso"), func(d *driver) {
			d.pass(time.Second)
			d.Press("alt+r")
			d.Has(c.want, "GT7K-29QX", "https://login.example/device")
			d.pass(2 * time.Second)
			d.Press("esc")
			d.HasNot(textQRTitle)
		})
	}
}
