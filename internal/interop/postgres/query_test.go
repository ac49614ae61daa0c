//go:build linux

package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, the rows of a query are incomplete, altered or those of another one.
func TestQueries(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c := connect(t, config)
		for n := range 50 {
			rows, err := c.Query(t.Context(), "SELECT i FROM generate_series(1, $1::int) AS i", n*20)
			require.NoError(t, err)
			got, err := pgx.CollectRows(rows, pgx.RowTo[int])
			require.NoError(t, err)
			require.Len(t, got, n*20)
			for i := range got {
				require.Equal(t, i+1, got[i])
			}
		}
		var one int
		requireCode(t, "22012", c.QueryRow(t.Context(), "SELECT 1/$1::int", 0).Scan(&one)) // division by zero
		require.NoError(t, c.QueryRow(t.Context(), "SELECT 1").Scan(&one))
	})
}

// If this fails, a prepared statement is not found again, or takes another's arguments.
func TestPrepared(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c := connect(t, config)
		_, err := c.Prepare(t.Context(), "sum", "SELECT $1::int + $2::int")
		require.NoError(t, err)
		for i := range 200 {
			var sum int
			require.NoError(t, c.QueryRow(t.Context(), "sum", i, 1000).Scan(&sum))
			require.Equal(t, 1000+i, sum)
		}
		require.NoError(t, c.Deallocate(t.Context(), "sum"))
		_, err = c.Exec(t.Context(), "EXECUTE sum(1, 2)")
		requireCode(t, "26000", err) // no such statement
	})
}

// If this fails, answers to queries that were sent together are lost or in another
// order, or client and server both write and neither reads.
func TestBatch(t *testing.T) {
	const queries = 1000
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c := connect(t, config)
		var batch pgx.Batch
		answered := 0
		for i := range queries {
			batch.Queue("SELECT $1::int, repeat('x', 4000)", i).QueryRow(func(row pgx.Row) error {
				var got int
				var text string
				err := row.Scan(&got, &text)
				assert.Equal(t, i, got)
				assert.Len(t, text, 4000)
				answered++
				return err
			})
		}
		require.NoError(t, c.SendBatch(t.Context(), &batch).Close())
		require.Equal(t, queries, answered)
	})
}

// If this fails, a large value arrives incomplete or altered.
func TestLargeValue(t *testing.T) {
	large := ends.Bytes(1, 8<<20)
	sum := sha256.Sum256(large)
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c := connect(t, config)
		var there string
		var back []byte
		err := c.QueryRow(t.Context(), "SELECT encode(sha256($1::bytea), 'hex'), $1::bytea", large).Scan(&there, &back)
		require.NoError(t, err)
		assert.Equal(t, hex.EncodeToString(sum[:]), there)
		assert.True(t, bytes.Equal(large, back), "%d bytes, altered", len(back))
	})
}

// If this fails, rows are lost, doubled or altered when very many of them are copied to
// the server or from it.
func TestCopy(t *testing.T) {
	const rows = 100_000
	var want bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&want, "%d\trow %d\n", i+1, i+1)
	}
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c := connect(t, config)
		_, err := c.Exec(t.Context(), "CREATE TEMPORARY TABLE copied (number int, text text)")
		require.NoError(t, err)
		columns := []string{"number", "text"}
		source := pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
			return []any{i + 1, fmt.Sprint("row ", i+1)}, nil
		})
		n, err := c.CopyFrom(t.Context(), pgx.Identifier{"copied"}, columns, source)
		require.NoError(t, err)
		require.EqualValues(t, rows, n)

		var got bytes.Buffer
		const out = "COPY (SELECT * FROM copied ORDER BY number) TO STDOUT"
		tag, err := c.PgConn().CopyTo(t.Context(), &got, out)
		require.NoError(t, err)
		require.EqualValues(t, rows, tag.RowsAffected())
		require.True(t, bytes.Equal(want.Bytes(), got.Bytes()), "%d bytes, altered", got.Len())

		// And as text, from a reader.
		_, err = c.Exec(t.Context(), "TRUNCATE copied")
		require.NoError(t, err)
		tag, err = c.PgConn().CopyFrom(t.Context(), &got, "COPY copied FROM STDIN")
		require.NoError(t, err)
		require.EqualValues(t, rows, tag.RowsAffected())
		_, err = c.PgConn().CopyTo(t.Context(), &got, out)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want.Bytes(), got.Bytes()), "%d bytes, altered", got.Len())
	})
}

// If this fails, a copy that the server refuses while we still send does not end, or
// not with the server's reason.
func TestCopyRefused(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c := connect(t, config)
		_, err := c.Exec(t.Context(), "CREATE TEMPORARY TABLE copied (number int)")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), ends.Patience)
		defer cancel()
		_, err = c.PgConn().CopyFrom(ctx, endless{}, "COPY copied FROM STDIN")
		requireCode(t, "22P02", err) // not a number
		require.NoError(t, c.Ping(t.Context()))
	})
}

// endless is a file that has no end, and of which no line is a number.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return copy(b, "no number\n"), nil }
