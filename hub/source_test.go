package hub

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// owners are the types that hold a descriptor, each with its field. Only their
// methods touch it, and each of these holds the lock from its first statement to its
// return.
var owners = map[string]string{"descriptor": "fd", "watch": "epoll"}

// Go's guard against descriptors that are used after they were closed is given up
// here, and the lock takes its place. A use without it compiles and passes every
// other test, so this one looks at the source.
func TestDescriptorsAreUsedUnderTheirLockOnly(t *testing.T) {
	uses := 0
	for name, file := range sources(t) {
		found, n := breaches(file)
		uses += n
		for _, breach := range found {
			t.Errorf("%s: %s", name, breach)
		}
	}
	if uses < 15 {
		t.Errorf("found %d uses of descriptors: the test looks at the wrong place", uses)
	}
}

func TestBreachesAreFound(t *testing.T) {
	for name, method := range map[string]string{
		"no lock":              `func (d *descriptor) m() { unix.Close(int(d.fd)) }`,
		"a copy outlives it":   `func (d *descriptor) m() { d.mu.Lock(); fd := d.fd; d.mu.Unlock(); unix.Close(int(fd)) }`,
		"an unlock in between": `func (d *descriptor) m() { d.mu.Lock(); defer d.mu.Unlock(); d.mu.Unlock(); unix.Close(int(d.fd)) }`,
		"a use before":         `func (d *descriptor) m() { fd := d.fd; d.mu.Lock(); defer d.mu.Unlock(); unix.Close(int(fd)) }`,
		"another goroutine":    `func (d *descriptor) m() { d.mu.Lock(); defer d.mu.Unlock(); go func() { unix.Close(int(d.fd)) }() }`,
		"another lock":         `func (d *descriptor) m() { d.other.Lock(); defer d.other.Unlock(); unix.Close(int(d.fd)) }`,
		"another type":         `func (w *Waiter) m() int32 { return w.socket.fd }`,
		"a plain function":     `func m(fd int) { unix.Close(fd) }`,
		"a call without it":    `func (d *descriptor) m(fd int) { unix.Close(fd) }`,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package hub\n"+method, 0)
		must(t, err)
		if found, _ := breaches(file); len(found) == 0 {
			t.Errorf("%s: not found in %s", name, method)
		}
	}
}

// breaches are the functions of a file that use a descriptor in a way they must not;
// uses counts all uses.
func breaches(file *ast.File) (found []string, uses int) {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		owner, touched := receiver(f), fields(f.Body)
		uses += len(touched)
		if i := slices.IndexFunc(touched, func(field string) bool { return field != owners[owner] }); i >= 0 {
			found = append(found, f.Name.Name+" touches "+touched[i]+" beside its type")
		}
		calls := systemCalls(f.Body)
		switch {
		case calls > 0 && owners[owner] == "":
			found = append(found, f.Name.Name+" makes a system call beside the types that hold a descriptor")
		case owner == "watch" && f.Name.Name == "run":
			// The number comes from Go's poller, which keeps it open meanwhile.
		case len(touched)+calls > 0 && !locked(f):
			found = append(found, f.Name.Name+" does not hold the lock from beginning to end")
		}
	}
	return found, uses
}

// locked reports whether a method locks first, unlocks when it returns and at no other
// time, and uses the descriptor nowhere else meanwhile.
func locked(f *ast.FuncDecl) bool {
	if len(f.Recv.List[0].Names) == 0 || len(f.Body.List) < 2 {
		return false
	}
	lock := f.Recv.List[0].Names[0].Name + ".mu."
	unlock, deferred := f.Body.List[1].(*ast.DeferStmt)
	return deferred && called(f.Body.List[0]) == lock+"Lock" && name(unlock.Call) == lock+"Unlock" &&
		count(f.Body, func(n ast.Node) bool { c, ok := n.(*ast.CallExpr); return ok && name(c) == lock+"Unlock" }) == 1 &&
		count(f.Body, leaves) == 0
}

// leaves reports whether a descriptor is used in a function that may run later. What
// SyscallConn's Control is given runs at once.
func leaves(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return len(fields(n))+systemCalls(n) > 0
	case *ast.CallExpr:
		if strings.HasSuffix(name(n), ".Control") {
			return false
		}
		return slices.ContainsFunc(n.Args, func(arg ast.Expr) bool {
			literal, ok := arg.(*ast.FuncLit)
			return ok && len(fields(literal))+systemCalls(literal) > 0
		})
	}
	return false
}

// called is the name of what a statement calls, such as "d.mu.Lock".
func called(statement ast.Stmt) string {
	if e, ok := statement.(*ast.ExprStmt); ok {
		if c, ok := e.X.(*ast.CallExpr); ok {
			return name(c)
		}
	}
	return ""
}

func name(c *ast.CallExpr) string { return types.ExprString(c.Fun) }

func count(node ast.Node, matches func(ast.Node) bool) (n int) {
	ast.Inspect(node, func(node ast.Node) bool {
		if node != nil && matches(node) {
			n++
		}
		return true
	})
	return n
}

// sources are the files of this package, for Linux, without tests.
func sources(t *testing.T) map[string]*ast.File {
	entries, err := os.ReadDir(".")
	must(t, err)
	files := make(map[string]*ast.File)
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		files[name] = file
	}
	return files
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	return of.(*ast.Ident).Name
}

// fields are the descriptor fields that a body selects, each time it does.
func fields(body ast.Node) (found []string) {
	ast.Inspect(body, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "fd" || s.Sel.Name == "epoll") {
			found = append(found, s.Sel.Name)
		}
		return true
	})
	return found
}

// systemCalls counts the functions of package unix that are called.
func systemCalls(node ast.Node) int {
	return count(node, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		return ok && strings.HasPrefix(name(c), "unix.")
	})
}

// The room, with its tests, compiles for a system without epoll.
func TestItCompilesForMacOS(t *testing.T) {
	c := exec.CommandContext(t.Context(), "go", "vet", ".")
	c.Env = append(os.Environ(), "GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
