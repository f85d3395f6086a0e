package signin

import (
	"context"

	"nod/store"
)

// KnownBrowsers are the browsers that have signed in to the visitor's account, the
// last used first.
func (f *Flow) KnownBrowsers(ctx context.Context, v Visitor) ([]store.Device, error) {
	return f.Store.Devices(ctx, v.User.ID)
}

// ForgetBrowser makes a browser unknown to the visitor's account.
// store.ErrNotFound for one that is unknown already.
func (f *Flow) ForgetBrowser(ctx context.Context, v Visitor, id int64) error {
	return f.Store.RevokeDevice(ctx, v.User.ID, id, BrowserName)
}

// ForgetBrowsers makes every browser unknown to the visitor's account.
func (f *Flow) ForgetBrowsers(ctx context.Context, v Visitor) error {
	return f.Store.RevokeDevices(ctx, v.User.ID)
}

// DeviceInUse says whether any account knows a browser.
func (f *Flow) DeviceInUse(ctx context.Context, device string) (bool, error) {
	return f.Store.DeviceInUse(ctx, device)
}
