package check

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Decode reads values of the fields from a YAML mapping. It does not fill in what
// is left out: [Complete] does. The error joins everything that is wrong, each
// with its line.
func Decode(fields []Field, mapping *yaml.Node) (Values, error) {
	if mapping.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: must be a map of keys and values", mapping.Line)
	}
	var problems []error
	values := Values{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, node := mapping.Content[i], mapping.Content[i+1]
		at := slices.IndexFunc(fields, func(f Field) bool { return f.Name == key.Value })
		if at < 0 {
			problems = append(problems, fmt.Errorf("line %d: %s: unknown key; known are %s", key.Line, key.Value, names(fields)))
			continue
		}
		if _, repeated := values[key.Value]; repeated {
			problems = append(problems, fmt.Errorf("line %d: %s: is given twice; remove one", key.Line, key.Value))
			continue
		}
		value, err := fields[at].decode(node)
		if err == nil {
			err = fields[at].accept(value)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("line %d: %s: %w", node.Line, key.Value, err))
			continue
		}
		values[key.Value] = value
	}
	return values, errors.Join(problems...)
}

// decode reads one value. A scalar stands for a list of one, and numbers and truth
// values may stand where a text is wanted, for people write `expect_status: 200`.
func (f Field) decode(node *yaml.Node) (any, error) {
	var value any
	var err error
	switch f.Type {
	case TypeInteger:
		var number int64
		err = node.Decode(&number)
		value = number
	case TypeBoolean:
		var truth bool
		err = node.Decode(&truth)
		value = truth
	case TypeTexts:
		var texts []string
		if node.Kind == yaml.ScalarNode {
			texts = []string{node.Value}
		} else {
			err = node.Decode(&texts)
		}
		value = texts
	case TypePairs:
		var pairs map[string]string
		err = node.Decode(&pairs)
		value = pairs
	default:
		if node.Kind != yaml.ScalarNode {
			err = errors.New("not a scalar")
		}
		value = node.Value
	}
	if err != nil || node.Tag == "!!null" {
		return nil, fmt.Errorf("must be %s", f.Type)
	}
	return value, nil
}
