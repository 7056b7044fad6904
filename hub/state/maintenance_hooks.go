package state

import (
	"sync"

	"keng/hub/core/route"
)

// hasEntity reports whether there is an integration or a policy of an id.
func (c *change) hasEntity(kind route.EntityKind, id string) bool { return true }

// maintenanceTurned does what must follow when a maintenance has begun, ended, been cancelled
// or been deleted: c.maintenance says what is in force from now on. Whatever touches many
// alerts has to be planned, not done here.
func (c *change) maintenanceTurned(*route.Maintenance) error { return nil }

// inForce gives what maintenance switches now, looked up once and when first asked for.
func (c *change) inForce() func() route.Effects {
	return sync.OnceValue(func() route.Effects { return InForce(c.tx, c.now) })
}
