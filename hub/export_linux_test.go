package hub

// Descriptor returns the number of the waiter's own descriptor, 0 if it has none
// or it is closed.
func (w *Waiter) Descriptor() int {
	w.socket.mu.Lock()
	defer w.socket.mu.Unlock()
	return int(w.socket.fd)
}
