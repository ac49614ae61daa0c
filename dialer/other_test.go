//go:build !linux

package dialer

import (
	"context"
	"errors"
	"net"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// If this fails, a field of a Dialer is lost on the way to package net.
func TestFieldsReachNet(t *testing.T) {
	d := Dialer{
		Timeout:         1,
		Deadline:        time.Unix(2, 0),
		LocalAddr:       &net.TCPAddr{Port: 3},
		DualStack:       true,
		FallbackDelay:   4,
		KeepAlive:       5,
		KeepAliveConfig: net.KeepAliveConfig{Count: 6},
		Resolver:        &net.Resolver{PreferGo: true},
		Cancel:          make(chan struct{}),
		Control:         func(string, string, syscall.RawConn) error { return errors.New("Control") },
		ControlContext:  func(context.Context, string, string, syscall.RawConn) error { return errors.New("ControlContext") },
	}
	std := reflect.ValueOf(d.std()).Elem()
	for i := range std.NumField() {
		field := std.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		ours, theirs := reflect.ValueOf(d).FieldByName(field.Name), std.Field(i)
		require.False(t, theirs.IsZero(), "%s is not set", field.Name)
		if field.Type.Kind() == reflect.Func {
			require.Equal(t, ours.Pointer(), theirs.Pointer(), field.Name)
			continue
		}
		require.Equal(t, ours.Interface(), theirs.Interface(), field.Name)
	}
	require.NotNil(t, new(Dialer).std().Resolver, "net's, or the one that a program sets")
}
