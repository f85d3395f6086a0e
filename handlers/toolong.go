package handlers

import (
	"bytes"
	"errors"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	maxHead      = 256 << 10       // more of a head is not even read
	headDeadline = 2 * time.Second // for the rest of a head that is too long
)

// readHeadFirst reads the rest of a head that is too long before it is answered.
// To close a connection with bytes unread resets it, and then a browser may show
// "connection reset" instead of the page that says why.
func readHeadFirst(answer func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, err error) {
		var tooLong *fasthttp.ErrSmallBuffer
		if errors.As(err, &tooLong) {
			readToEndOfHead(ctx)
		}
		answer(ctx, err)
	}
}

func readToEndOfHead(ctx *fasthttp.RequestCtx) {
	conn := ctx.Conn()
	if conn.SetReadDeadline(time.Now().Add(headDeadline)) != nil {
		return
	}
	end := []byte("\r\n\r\n")
	buffer := make([]byte, 4<<10)
	kept := 0 // bytes of the chunk before, in case the end is split
	for total := 0; total < maxHead; {
		n, err := conn.Read(buffer[kept:])
		if total += n; err != nil || bytes.Contains(buffer[:kept+n], end) {
			return
		}
		tail := buffer[max(0, kept+n-len(end)+1) : kept+n]
		kept = copy(buffer, tail)
	}
}
