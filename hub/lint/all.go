package lint

import "slices"

// All is every check, in the order in which findings are told.
func All() []Check {
	return slices.Concat(clusterChecks(), teamChecks(), escalationChecks(), stepChecks(), scheduleChecks(), planChecks(), personChecks(), ruleChecks(), policyChecks(), intakeChecks())
}
