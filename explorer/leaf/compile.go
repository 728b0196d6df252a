package leaf

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
)

// maxText bounds the bytes of a leaf's JavaScript, and with them how deep the recursion of
// parser and compiler can go.
const maxText = 8192

// What stands around an expression. The brackets show in the tree where it begins and ends,
// as parentheses would not, and are then taken out. The line ends close a comment in it, and
// let its first line begin at column 1.
const head, tail = "(function (i, j, h, w) { return 0[\n", "\n] })"

// compile makes a program whose result is the expression as a function of i, j, h, w. It refuses
// what is not in the language, in which only the given members can follow a dot.
func compile(text string, members []string) (*goja.Program, error) {
	text = strings.TrimRight(text, "; \t\r\n")
	switch {
	case text == "":
		return nil, errors.New("it is empty, expected JavaScript in i, j, h, w, such as i == j ? 1 : 0")
	case len(text) > maxText:
		return nil, fmt.Errorf("it has %d bytes, expected at most %d", len(text), maxText)
	}
	// A comment that names a source map would have the parser read that file.
	program, err := parser.ParseFile(nil, "", head+text+tail, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, syntaxError(err, text)
	}
	result := result(program)
	if result == nil {
		return nil, errors.New("it is not a single expression")
	}
	c := checker{text: text, members: members, seen: map[any]bool{}}
	if err := c.check(reflect.ValueOf(result)); err != nil {
		return nil, err
	}
	// Strict: without it, a name that is not declared becomes a global, which outlives the element.
	compiled, err := goja.CompileAST(program, true)
	if err != nil {
		return nil, oneLine(err.Error())
	}
	return compiled, nil
}

// result returns the statement between head and tail with the brackets taken out, or nil if
// the text closed what head opened.
func result(program *ast.Program) *ast.ReturnStatement {
	if len(program.Body) != 1 {
		return nil
	}
	statement, ok := program.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	function, ok := statement.Expression.(*ast.FunctionLiteral)
	if !ok || len(function.Body.List) != 1 {
		return nil
	}
	result, ok := function.Body.List[0].(*ast.ReturnStatement)
	if !ok {
		return nil
	}
	brackets, ok := result.Argument.(*ast.BracketExpression)
	if !ok {
		return nil
	}
	if _, ok := brackets.Left.(*ast.NumberLiteral); !ok {
		return nil
	}
	result.Argument = brackets.Member
	return result
}

// syntaxError is the first error of the parser, at its place in the text.
func syntaxError(err error, text string) error {
	var list parser.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return oneLine(err.Error())
	}
	first := list[0]
	if line := first.Position.Line - 1; line <= strings.Count(text, "\n")+1 {
		return oneLine(fmt.Sprintf("line %d, column %d: %s", line, first.Position.Column, first.Message))
	}
	return errors.New("it ends too early: something is missing or not closed")
}

// oneLine is an error of a single short line.
func oneLine(text string) error {
	return fmt.Errorf("%.200s", strings.Join(strings.Fields(text), " "))
}

// nodes are the kinds of syntax that a script may use, by their names in package ast.
var nodes = strings.Fields(`
	ArrayLiteral ArrowFunctionLiteral AssignExpression BinaryExpression Binding BlockStatement BooleanLiteral
	BracketExpression BranchStatement CallExpression CaseStatement ConditionalExpression DoWhileStatement
	DotExpression EmptyStatement ExpressionBody ExpressionStatement ForLoopInitializerExpression
	ForLoopInitializerLexicalDecl ForLoopInitializerVarDeclList ForStatement FunctionDeclaration
	FunctionLiteral Identifier IfStatement LabelledStatement LexicalDeclaration NullLiteral NumberLiteral
	ParameterList ReturnStatement SequenceExpression SwitchStatement ThrowStatement UnaryExpression
	VariableDeclaration VariableStatement WhileStatement`)

// checker walks a syntax tree.
type checker struct {
	text    string
	members []string
	seen    map[any]bool // pointers: functions list their variables a second time
}

var pkgAST = reflect.TypeFor[ast.Program]().PkgPath()

func (c *checker) check(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Interface:
		return c.check(v.Elem())
	case reflect.Pointer:
		if v.IsNil() || c.seen[v.Interface()] {
			return nil
		}
		c.seen[v.Interface()] = true
		return c.check(v.Elem())
	case reflect.Slice:
		for k := range v.Len() {
			if err := c.check(v.Index(k)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if v.Type().PkgPath() != pkgAST {
			return nil
		}
		if err := c.node(v.Addr().Interface(), v.Type().Name()); err != nil {
			return err
		}
		for k := range v.NumField() {
			if err := c.check(v.Field(k)); err != nil {
				return err
			}
		}
	}
	return nil
}

// node refuses one node of the tree, without those below it.
func (c *checker) node(node any, kind string) error {
	allowed := slices.Contains(nodes, kind)
	switch n := node.(type) {
	case *ast.NumberLiteral:
		switch n.Value.(type) {
		case int64, float64:
		default:
			allowed = false
			kind = "BigintLiteral"
		}
	case *ast.AssignExpression:
		_, allowed = n.Left.(*ast.Identifier)
	case *ast.UnaryExpression:
		switch n.Operator {
		case token.INCREMENT, token.DECREMENT:
			_, allowed = n.Operand.(*ast.Identifier)
		case token.TYPEOF, token.DELETE:
			allowed = false
		}
	case *ast.FunctionLiteral:
		allowed = !n.Async && !n.Generator
	case *ast.ArrowFunctionLiteral:
		allowed = !n.Async
	case *ast.DotExpression:
		if name := n.Identifier.Name.String(); !slices.Contains(c.members, name) {
			return fmt.Errorf("%s.%.40s is not among what a leaf can use: Math, and %s of an array",
				c.place(n.Identifier.Idx), name, strings.Join(methods, ", "))
		}
	}
	if allowed {
		return nil
	}
	at := ""
	if n, ok := node.(ast.Node); ok {
		at = c.place(n.Idx0())
	}
	return fmt.Errorf("%s%s cannot be used: a leaf calculates with numbers, arrays of them, functions, and variables of its own",
		at, words(kind))
}

// place is where a node begins in the text.
func (c *checker) place(at file.Idx) string {
	offset := min(max(int(at)-1-len(head), 0), len(c.text))
	before := c.text[:offset]
	line := strings.Count(before, "\n")
	return fmt.Sprintf("line %d, column %d: ", line+1, offset-strings.LastIndexByte(before, '\n'))
}

// words is the name of a kind of node as text: "reg exp literal".
func words(kind string) string {
	var b strings.Builder
	for k, r := range kind {
		if k > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
