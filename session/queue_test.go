package session

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheQueueHoldsTheWriterAndDropsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newRecordQueue()
		const n = queueSize + 5
		pushed := 0
		go func() {
			for i := range n {
				q.push(t.Context(), Record{Text: string(rune(i))})
				pushed++
			}
			q.close()
		}()
		synctest.Wait()
		if pushed != queueSize {
			t.Fatalf("%d records went in before anything was read, want %d", pushed, queueSize)
		}
		read := 0
		for {
			batch, err := q.next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || len(batch) > batchSize {
				t.Fatalf("%d records, %v", len(batch), err)
			}
			for _, r := range batch {
				if r.Text != string(rune(read)) {
					t.Fatalf("record %d is out of order", read)
				}
				read++
			}
		}
		if read != n {
			t.Errorf("%d records, want %d", read, n)
		}
	})
}

func TestAReaderThatGivesUpIsNotHeld(t *testing.T) {
	q := newRecordQueue()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	q.push(t.Context(), Record{Text: "kept"})
	if batch, err := q.next(t.Context()); err != nil || len(batch) != 1 {
		t.Errorf("%v, %v", batch, err)
	}
}

func TestTheFirstObjectsAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun("r", "line", time.Now)
		r.gather = 300 * time.Millisecond
		object := Record{Stream: StreamOutput}
		go func() {
			for range 5 {
				r.queue.push(t.Context(), object)
				time.Sleep(100 * time.Millisecond)
			}
			r.queue.push(t.Context(), Record{Stream: StreamWarning}, object)
			r.queue.close()
		}()
		first, err := r.Next(t.Context())
		if err != nil || len(first) < 3 {
			t.Errorf("%d objects in the first batch, %v: want those of 300 ms", len(first), err)
		}
		if next, err := r.Next(t.Context()); err != nil || len(next) != 1 {
			t.Errorf("%d records in the next batch, %v: want what there is", len(next), err)
		}
		time.Sleep(time.Second) // the writer's own end
	})
}

func TestAQuestionIsNotGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun("r", "line", time.Now)
		r.gather = time.Hour
		start := time.Now()
		r.queue.push(t.Context(), Record{Stream: StreamOutput}, Record{Stream: StreamPrompt})
		if batch, err := r.Next(t.Context()); err != nil || len(batch) != 2 || time.Since(start) != 0 {
			t.Errorf("%d records after %v, %v", len(batch), time.Since(start), err)
		}
	})
}

// Each statement's table is sized on its own first objects.
func TestEachStatementIsGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun("r", "line", time.Now)
		r.gather = 300 * time.Millisecond
		object, view := Record{Stream: StreamOutput}, Record{Stream: StreamView}
		r.queue.push(t.Context(), object, Record{Stream: StreamWarning}, view)
		go func() {
			for range 4 {
				r.queue.push(t.Context(), object)
				time.Sleep(50 * time.Millisecond)
			}
			r.queue.close()
		}()
		var sizes []int
		for {
			batch, err := r.Next(t.Context())
			if err != nil {
				break
			}
			sizes = append(sizes, len(batch))
		}
		if len(sizes) > 2 || sizes[len(sizes)-1] < 4 {
			t.Errorf("batches of %v records: the second statement's four objects come together", sizes)
		}
	})
}
