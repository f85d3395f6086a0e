package server

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestWhatHangsIsLeftBehind(t *testing.T) {
	var s steps
	var order []string
	s.add("first", time.Minute, closing(func() error { order = append(order, "first"); return nil }))
	s.add("stuck", 10*time.Millisecond, func(context.Context) error { select {} })
	s.add("last", time.Minute, closing(func() error { order = append(order, "last"); return nil }))
	err := s.stop()
	if err == nil || !strings.Contains(err.Error(), "stopping stuck") {
		t.Errorf("got %v, want that the stuck step is named", err)
	}
	if got := fmt.Sprint(order); got != "[last first]" {
		t.Errorf("ended in the order %s, want [last first]", got)
	}
}
