package disk

import (
	"os"

	"golang.org/x/sys/windows"
)

// readOnlyVolume is FILE_READ_ONLY_VOLUME of GetVolumeInformation.
const readOnlyVolume = 0x00080000

// measure looks at the volume of a path (GetDiskFreeSpaceEx), by the quota of the
// agent's user if there is one.
func measure(path string) (usage, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return usage{}, err
	}
	var u usage
	if err := windows.GetDiskFreeSpaceEx(name, &u.free, &u.total, nil); err != nil {
		return usage{}, &os.PathError{Op: "GetDiskFreeSpaceEx", Path: path, Err: err}
	}
	var root [windows.MAX_PATH + 1]uint16
	var flags uint32
	// A volume that does not tell its flags is taken to be writable.
	if windows.GetVolumePathName(name, &root[0], uint32(len(root))) == nil &&
		windows.GetVolumeInformation(&root[0], nil, 0, nil, nil, &flags, nil, 0) == nil {
		u.readOnly = flags&readOnlyVolume != 0
	}
	return u, nil
}
