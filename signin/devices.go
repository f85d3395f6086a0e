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
// store.ErrNotFound for one that is unknown already, store.ErrNotFresh.
func (f *Flow) ForgetBrowser(ctx context.Context, v Visitor, id int64, c store.Client) error {
	return f.Store.RevokeDevice(ctx, v.Session.ID, id, BrowserName, c)
}

// ForgetBrowsers makes every browser unknown to the visitor's account. store.ErrNotFresh.
func (f *Flow) ForgetBrowsers(ctx context.Context, v Visitor, c store.Client) error {
	return f.Store.RevokeDevices(ctx, v.Session.ID, c)
}

// DeviceInUse says whether any account knows a browser.
func (f *Flow) DeviceInUse(ctx context.Context, device string) (bool, error) {
	return f.Store.DeviceInUse(ctx, device)
}
