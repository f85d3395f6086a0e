package signin

// Asked is how many requests are remembered as asked about: what is never
// forgotten shows nowhere but in the memory of a process.
func (f *Flow) Asked() int {
	f.asked.mu.Lock()
	defer f.asked.mu.Unlock()
	return len(f.asked.recent) + len(f.asked.older)
}

// Settle returns when what goes on in the background is done.
func (f *Flow) Settle() { f.tasks.Wait() }
