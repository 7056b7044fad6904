package table

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The row of the benchmarks has about what an alert has: a kilobyte in some
// twenty strings, a few numbers and flags. A message type that comes with the
// protobuf library has the same shape, so that both encode the same.

type benchRow struct {
	Name         string       `cbor:"1,keyasint"`
	Package      string       `cbor:"2,keyasint,omitempty"`
	Dependencies []string     `cbor:"3,keyasint,omitempty"`
	Numbers      []int32      `cbor:"4,keyasint,omitempty"`
	Options      benchOptions `cbor:"5,keyasint"`
}

type benchOptions struct {
	A string `cbor:"1,keyasint,omitempty"`
	B string `cbor:"2,keyasint,omitempty"`
	C string `cbor:"3,keyasint,omitempty"`
	D string `cbor:"4,keyasint,omitempty"`
	E bool   `cbor:"5,keyasint,omitempty"`
	F bool   `cbor:"6,keyasint,omitempty"`
}

func benchRows() (*benchRow, *descriptorpb.FileDescriptorProto) {
	text := func(n int) string { return strings.Repeat("a", n) }
	row := &benchRow{
		Name: text(130), Package: text(30), Numbers: []int32{1, 200, 3000, 40000},
		Options: benchOptions{A: text(20), B: text(300), C: text(40), D: text(10), E: true, F: true},
	}
	for range 14 {
		row.Dependencies = append(row.Dependencies, text(25))
	}
	return row, &descriptorpb.FileDescriptorProto{
		Name: &row.Name, Package: &row.Package, Dependency: row.Dependencies, PublicDependency: row.Numbers,
		Options: &descriptorpb.FileOptions{
			JavaPackage: &row.Options.A, JavaOuterClassname: &row.Options.B, GoPackage: &row.Options.C, ObjcClassPrefix: &row.Options.D,
			JavaMultipleFiles: &row.Options.E, CcEnableArenas: &row.Options.F,
		},
	}
}

func BenchmarkEncodeRow(b *testing.B) {
	row, message := benchRows()
	c := newCodec()
	b.Run("cbor", func(b *testing.B) {
		for b.Loop() {
			value, err := c.encode(row)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(value)), "bytes")
		}
	})
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			value, err := json.Marshal(row)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(value)), "bytes")
		}
	})
	b.Run("protobuf", func(b *testing.B) {
		for b.Loop() {
			value, err := proto.Marshal(message)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(value)), "bytes")
		}
	})
}

func BenchmarkDecodeRow(b *testing.B) {
	row, message := benchRows()
	c := newCodec()
	inCBOR, err := c.encode(row)
	if err != nil {
		b.Fatal(err)
	}
	inProtobuf, err := proto.Marshal(message)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("cbor", func(b *testing.B) {
		for b.Loop() {
			if err := c.decode(inCBOR, new(benchRow)); err != nil {
				b.Fatal(err)
			}
		}
	})
	inJSON, err := json.Marshal(row)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			if err := json.Unmarshal(inJSON, new(benchRow)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("protobuf", func(b *testing.B) {
		for b.Loop() {
			if err := proto.Unmarshal(inProtobuf, new(descriptorpb.FileDescriptorProto)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
