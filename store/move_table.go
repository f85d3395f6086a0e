package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// move is the transaction in which a file is carried to PostgreSQL.
type move struct {
	to     pgx.Tx
	tables []OtherTable
	moved  []Moved
}

// refuseUsed finds rows that were there before. The first of the secrets is made with the
// tables; the others are those of a Nod that was started, and would go on with them.
func (m *move) refuseUsed(ctx context.Context, t OtherTable) error {
	query := `SELECT EXISTS (SELECT 1 FROM ` + m.quoted(t) + `)`
	if t.Name == "secrets" {
		query = `SELECT EXISTS (SELECT 1 FROM secrets WHERE name <> '` + throttleSecret + `')`
	}
	var used bool
	if err := m.to.QueryRow(ctx, query).Scan(&used); err != nil {
		return err
	}
	if used {
		return ErrNotEmpty
	}
	return nil
}

func (m *move) quoted(t OtherTable) string { return pgx.Identifier{t.Name}.Sanitize() }

// copy copies one table, and compares what has arrived with what was sent.
func (m *move) copy(ctx context.Context, t OtherTable) error {
	if _, err := m.to.Exec(ctx, `DELETE FROM `+m.quoted(t)); err != nil { // see refuseUsed
		return err
	}
	rows, err := t.From.QueryContext(ctx, `SELECT * FROM "`+t.Table+`"`)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var sent sum
	next := func() ([]any, error) {
		if !rows.Next() {
			return nil, rows.Err()
		}
		values, err := scanAll(rows, len(columns))
		sent.add(values)
		return values, err
	}
	if _, err := m.to.CopyFrom(ctx, pgx.Identifier{t.Name}, columns, pgx.CopyFromFunc(next)); err != nil {
		return err
	}
	if err := m.compare(ctx, t, columns, sent); err != nil {
		return err
	}
	m.moved = append(m.moved, Moved{t.Name, sent.rows})
	return m.goOn(ctx, t)
}

// scanAll reads a row, in words that PostgreSQL takes.
func scanAll(r row, n int) ([]any, error) {
	values, into := make([]any, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	err := r.Scan(into...)
	for i := range values {
		if text, ok := values[i].(string); ok {
			values[i] = legible(text)
		}
	}
	return values, err
}

func (m *move) compare(ctx context.Context, t OtherTable, columns []string, sent sum) error {
	quoted := make([]string, len(columns))
	for i, column := range columns {
		quoted[i] = pgx.Identifier{column}.Sanitize()
	}
	rows, err := m.to.Query(ctx, `SELECT `+strings.Join(quoted, ", ")+` FROM `+m.quoted(t))
	if err != nil {
		return err
	}
	defer rows.Close()
	var arrived sum
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		arrived.add(values)
	}
	if rows.Err() == nil && arrived != sent {
		return fmt.Errorf("%d rows were sent and %d have arrived, or not as they were", sent.rows, arrived.rows)
	}
	return rows.Err()
}

// goOn lets ids go on after those that were copied.
func (m *move) goOn(ctx context.Context, t OtherTable) error {
	const identity = `
		SELECT column_name
		FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 AND is_identity = 'YES'`
	rows, err := m.to.Query(ctx, identity, t.Name)
	if err != nil {
		return err
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, column := range columns {
		const next = `SELECT setval(pg_get_serial_sequence('%s', '%s'), COALESCE((SELECT MAX(%[2]s) FROM %[1]s), 0) + 1, false)`
		if _, err := m.to.Exec(ctx, fmt.Sprintf(next, t.Name, column)); err != nil {
			return err
		}
	}
	return err
}

// sum stands for some rows, in whatever order.
type sum struct {
	rows int
	hash [sha256.Size]byte
}

func (s *sum) add(values []any) {
	var text bytes.Buffer
	for _, value := range values {
		if raw, ok := value.([]byte); ok {
			value = string(raw)
		}
		fmt.Fprintf(&text, "%T %#[1]v,", value)
	}
	one := sha256.Sum256(text.Bytes())
	carry := 0
	for i := range s.hash { // as numbers: two rows alike do not cancel out
		carry += int(s.hash[i]) + int(one[i])
		s.hash[i], carry = byte(carry), carry>>8
	}
	s.rows++
}
