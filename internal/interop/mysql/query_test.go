//go:build linux

package mysql

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, the rows of a query are incomplete, altered or those of another one.
func TestQueries(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, _ := open(t, config)
		prepared, err := db.Prepare("SELECT seq, CONCAT('row ', seq) FROM seq_1_to_1000 WHERE seq <= ?")
		require.NoError(t, err)
		defer prepared.Close()
		for n := 0; n <= 1000; n += 50 {
			rows, err := prepared.Query(n)
			require.NoError(t, err)
			want := 0
			for rows.Next() {
				want++
				var number int
				var text string
				require.NoError(t, rows.Scan(&number, &text))
				require.Equal(t, want, number)
				require.Equal(t, fmt.Sprint("row ", want), text)
			}
			require.NoError(t, rows.Err())
			require.Equal(t, n, want)
		}
		_, err = db.Exec("SELECT nothing")
		var refused *mysql.MySQLError
		require.ErrorAs(t, err, &refused)
		require.EqualValues(t, 1054, refused.Number) // unknown column
	})
}

// If this fails, the driver's way to name a dialer does not reach us.
func TestRegisteredDialer(t *testing.T) {
	forEachClient(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		mysql.RegisterDialContext("registered", func(ctx context.Context, address string) (net.Conn, error) {
			return s.Dial(ctx, "tcp", address)
		})
		defer mysql.DeregisterDialContext("registered")
		config.Net, config.DialFunc = "registered", nil
		connector, err := mysql.NewConnector(config)
		require.NoError(t, err)
		c, err := connector.Connect(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.Close())
	})
}

// If this fails, a transaction on one connection is disturbed by those on others.
func TestTransactions(t *testing.T) {
	const workers, transfers = 4, 20
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, _ := open(t, config)
		_, err := db.Exec("CREATE OR REPLACE TABLE accounts (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB")
		require.NoError(t, err)
		_, err = db.Exec("INSERT INTO accounts VALUES (1, 1000), (2, 1000)")
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for i := range transfers {
					tx, err := db.BeginTx(t.Context(), nil)
					if !assert.NoError(t, err) {
						return
					}
					_, err = tx.Exec("UPDATE accounts SET balance = balance - 10 WHERE id = 1")
					assert.NoError(t, err)
					_, err = tx.Exec("UPDATE accounts SET balance = balance + 10 WHERE id = 2")
					assert.NoError(t, err)
					if i%2 == 0 {
						assert.NoError(t, tx.Commit())
					} else {
						assert.NoError(t, tx.Rollback())
					}
				}
			})
		}
		wg.Wait()
		for id, want := range map[int]int{1: 1000 - workers*transfers*5, 2: 1000 + workers*transfers*5} {
			var got int
			require.NoError(t, db.QueryRow("SELECT balance FROM accounts WHERE id = ?", id).Scan(&got))
			assert.Equal(t, want, got)
		}
	})
}

// If this fails, a large value, which takes several packets, arrives incomplete or
// altered.
func TestLargeBlob(t *testing.T) {
	large := ends.Bytes(1, 17<<20)
	sum := sha256.Sum256(large)
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, _ := open(t, config)
		var there string
		var back []byte
		err := db.QueryRow("SELECT SHA2(v, 256), v FROM (SELECT CAST(? AS BINARY) AS v) AS t", large).Scan(&there, &back)
		require.NoError(t, err)
		assert.Equal(t, hex.EncodeToString(sum[:]), there)
		assert.True(t, bytes.Equal(large, back), "%d bytes, altered", len(back))
	})
}

// If this fails, rows are lost, doubled or altered when very many of them are sent.
func TestLoadData(t *testing.T) {
	const rows = 100_000
	var file bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&file, "%d\trow %d\n", i+1, i+1)
	}
	mysql.RegisterReaderHandler("rows", func() io.Reader { return bytes.NewReader(file.Bytes()) })
	defer mysql.DeregisterReaderHandler("rows")
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, _ := open(t, config)
		_, err := db.Exec("CREATE OR REPLACE TABLE loaded (number INT, text VARCHAR(20)) ENGINE=Aria TRANSACTIONAL=0")
		require.NoError(t, err)
		result, err := db.Exec("LOAD DATA LOCAL INFILE 'Reader::rows' INTO TABLE loaded")
		require.NoError(t, err)
		loaded, err := result.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, rows, loaded)
		var right, sum int
		err = db.QueryRow("SELECT SUM(text = CONCAT('row ', number)), SUM(number) FROM loaded").Scan(&right, &sum)
		require.NoError(t, err)
		require.Equal(t, rows, right)
		require.Equal(t, rows*(rows+1)/2, sum)
	})
}
