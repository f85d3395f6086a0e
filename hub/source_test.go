package hub

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// owners are the types that hold a descriptor, each with its field. Only their
// methods touch it, and only with the lock held.
var owners = map[string]string{"descriptor": "fd", "watch": "epoll"}

// lockHeldBy are the methods that are called with the lock held.
var lockHeldBy = map[string]bool{"takeSlot": true, "freeSlot": true}

// Go's guard against descriptors that are used after they were closed is given up
// here, and the lock takes its place. A use without it compiles and passes every
// other test, so this one looks at the source.
func TestDescriptorsAreUsedUnderTheirLockOnly(t *testing.T) {
	uses := 0
	for name, file := range sources(t) {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			owner := receiver(f)
			for _, field := range fields(f.Body) {
				uses++
				if owners[owner] != field {
					t.Errorf("%s: %s touches %s beside its type", name, f.Name.Name, field)
				} else if !lockHeldBy[f.Name.Name] && !locks(f.Body) {
					t.Errorf("%s: %s touches %s without the lock", name, f.Name.Name, field)
				}
			}
			if n := systemCalls(f.Body); n > 0 && owners[owner] == "" {
				t.Errorf("%s: %s makes %d system calls beside the types that hold a descriptor", name, f.Name.Name, n)
			}
		}
	}
	if uses < 15 {
		t.Errorf("found %d uses of descriptors: the test looks at the wrong place", uses)
	}
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

// locks reports whether a body locks first. What ends the lock is either a defer
// right after it or an Unlock in the same block.
func locks(body *ast.BlockStmt) (held bool) {
	for _, statement := range body.List {
		if call(statement) == "Lock" {
			return true
		}
		if len(fields(statement)) > 0 {
			return false
		}
	}
	return false
}

// call is the name of the method that a statement calls.
func call(statement ast.Stmt) string {
	if e, ok := statement.(*ast.ExprStmt); ok {
		if c, ok := e.X.(*ast.CallExpr); ok {
			if s, ok := c.Fun.(*ast.SelectorExpr); ok {
				return s.Sel.Name
			}
		}
	}
	return ""
}

// systemCalls counts the functions of package unix that a body calls.
func systemCalls(body ast.Node) (n int) {
	ast.Inspect(body, func(node ast.Node) bool {
		c, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		if s, ok := c.Fun.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && (x.Name == "unix" || x.Name == "syscall") {
				n++
			}
		}
		return true
	})
	return n
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
