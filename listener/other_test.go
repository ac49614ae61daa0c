//go:build !linux

package listener

import (
	"errors"
	"net"
	"reflect"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, a field of a ListenConfig is lost on the way to package net.
func TestFieldsReachNet(t *testing.T) {
	lc := ListenConfig{
		Control:         func(string, string, syscall.RawConn) error { return errors.New("Control") },
		KeepAlive:       1,
		KeepAliveConfig: net.KeepAliveConfig{Count: 2},
	}
	of, err := lc.std("tcp")
	require.NoError(t, err)
	std := reflect.ValueOf(of).Elem()
	for i := range std.NumField() {
		field := std.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		ours, theirs := reflect.ValueOf(lc).FieldByName(field.Name), std.Field(i)
		require.False(t, theirs.IsZero(), "%s is not set", field.Name)
		if field.Type.Kind() == reflect.Func {
			require.Equal(t, ours.Pointer(), theirs.Pointer(), field.Name)
			continue
		}
		require.Equal(t, ours.Interface(), theirs.Interface(), field.Name)
	}
}
