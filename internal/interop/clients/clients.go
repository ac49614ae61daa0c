// Package clients gives clients of services their connections: one line each. The page
// docs/service.md shows them, and the tests of the packages beside this one use them.
package clients

import (
	"context"
	"net"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"
)

// A Dial is the method DialContext of a netpoller.Dialer.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Postgres is for github.com/jackc/pgx/v5. A pool has one in its config: ConnConfig.
func Postgres(config *pgx.ConnConfig, dial Dial) { config.DialFunc = dial }

// MySQL is for github.com/go-sql-driver/mysql.
func MySQL(config *mysql.Config, dial Dial) { config.DialFunc = dial }

// Redis is for github.com/redis/go-redis/v9.
func Redis(options *redis.Options, dial Dial) { options.Dialer = dial }

// GRPC is for google.golang.org/grpc. A server takes a listener.
func GRPC(dial Dial) grpc.DialOption {
	return grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
		return dial(ctx, "tcp", address)
	})
}
