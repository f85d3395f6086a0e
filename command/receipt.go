package command

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"nod/phone"
)

// runVerifyReceipt is nod verify-receipt FILE.
func runVerifyReceipt(args []string, stdout io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, receiptUsage)
		return err
	}
	if len(args) != 1 {
		return fmt.Errorf("%w: verify-receipt wants one file, as the account page offers it", errUsage)
	}
	content, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	receipt, err := phone.VerifyReceipt(content)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return printReceipt(stdout, receipt)
}

func printReceipt(stdout io.Writer, r phone.Receipt) error {
	s := r.Message.Shown
	fmt.Fprintf(stdout, "This approval is signed by a passkey that had verified its user.\n\n")
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"site", r.Message.Origin}, {"request", r.Message.Request}, {"what", s.Kind}, {"account", s.Email}, {"change", s.Change},
		{"payee", s.Payee}, {"amount", s.Amount + " " + s.Currency}, {"browser", s.Browser}, {"address", s.Address}, {"place", s.Place},
		{"asked", s.Asked}, {"number typed", r.Message.Number}, {"passkey", fmt.Sprintf("SHA-256 %x", sha256.Sum256(r.Key))},
	} {
		if line[1] != "" && line[1] != " " {
			fmt.Fprintf(w, "%s\t%q\n", line[0], line[1])
		}
	}
	fmt.Fprintf(w, "\nThe server says, unsigned: on %q, at %s. Whose passkey it is only the server knows.\n", r.Phone, r.At)
	return w.Flush()
}
