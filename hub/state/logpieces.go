package state

import (
	"iter"
	"time"

	"keng/raftstore/table"
)

// LogPiece names a piece of the journal: what came within five minutes, and of that, if there was
// much, one block of it after another.
type LogPiece struct {
	Start time.Time // a multiple of LogPieceLength, UTC
	// Block is that of the numbers of its inputs. 0 is the first that there is of those five minutes.
	Block uint64
}

// The bounds of a piece.
const (
	LogPieceLength = 5 * time.Minute
	// logBlock is how many inputs there are in a piece at most: as large as they can be that is
	// about 17 MB.
	logBlock = 64
)

// logPieceAt returns the piece that an input is in.
func logPieceAt(in *Input) LogPiece {
	return LogPiece{Start: in.At.UTC().Truncate(LogPieceLength), Block: 1 + in.Number/logBlock}
}

// LogPieces returns the pieces from a moment on, the oldest first, with what is in each. The
// first of each five minutes has the block 0. It reads on as long as it is asked to.
func LogPieces(r table.Reader, from time.Time) iter.Seq2[LogPiece, []*Input] {
	return func(yield func(LogPiece, []*Input) bool) {
		var piece, first LogPiece
		var inputs []*Input
		for in := range Journal.Range(r, table.K().Uint64(inputSince(r, from.UTC().Truncate(LogPieceLength))), table.K().Uint64(^uint64(0))) {
			if is := logPieceAt(in); is != piece {
				if len(inputs) > 0 && !yield(piece.after(first), inputs) {
					return
				}
				if piece, inputs = is, nil; is.Start != first.Start {
					first = is
				}
			}
			inputs = append(inputs, in)
		}
		if len(inputs) > 0 {
			yield(piece.after(first), inputs)
		}
	}
}

// after returns a piece as it is called, if first is the first of its five minutes.
func (p LogPiece) after(first LogPiece) LogPiece {
	if p == first {
		p.Block = 0
	}
	return p
}

// inputSince returns the number of the first input that came at a moment or later, or the one
// behind the last.
func inputSince(r table.Reader, at time.Time) uint64 {
	low, high := uint64(1), uint64(0)
	for in := range Journal.All(r) {
		low = in.Number
		break
	}
	for in := range Journal.FindReverse(r, table.K()) {
		high = in.Number + 1
		break
	}
	for low < high { // all below low came earlier, all from high on did not
		middle := low + (high-low)/2
		in, ok := Journal.Get(r, table.K().Uint64(middle))
		if ok && in.At.Before(at) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
