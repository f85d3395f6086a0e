package authy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"nod/authy"
)

// A callback is verified with the configured URL, never with the request's.
func ExampleVerifyCallback() {
	const key, url, nonce = "sim-api-key-0001", "https://app.example.com/authy/callback", "1600000000"
	body := []byte(`{"authy_id":7,"uuid":"4a725520-bff5","status":"approved","callback_action":"approval_request_status"}`)
	signature, err := authy.SignCallback(key, http.MethodPost, url, nonce, body)
	if err != nil {
		fmt.Println(err)
		return
	}

	request := authy.CallbackRequest{Method: http.MethodPost, Body: body, Signature: signature, Nonce: nonce}
	answer, err := authy.VerifyCallback(key, url, request)
	fmt.Println(answer.AuthyID, answer.UUID, answer.Status, err)

	request.Nonce = "1600000001"
	_, err = authy.VerifyCallback(key, url, request)
	fmt.Println(errors.Is(err, authy.ErrBadSignature))
	// Output:
	// 7 4a725520-bff5 approved <nil>
	// true
}

// The same message as the query of a GET.
func ExampleCallbackQuery() {
	query, err := authy.CallbackQuery([]byte(`{"uuid":"4a725520-bff5","status":"denied","authy_id":7,
		"approval_request":{"transaction":{"details":{"Email Address":"a@b"},"device_details":{},"reason":null}}}`))
	fmt.Println(query, err)
	// Output:
	// approval_request%5Btransaction%5D%5Bdetails%5D%5BEmail+Address%5D=a%40b&approval_request%5Btransaction%5D%5Breason%5D=&authy_id=7&status=denied&uuid=4a725520-bff5 <nil>
}

// A sign-in sends an approval request and falls back to a code if the user has no
// device for it.
func ExampleClient() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/onetouch/json/users/7/approval_requests":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"message":"No device","success":false,"errors":{},"error_code":"60051"}`)
		case "/protected/json/sms/7":
			_, _ = io.WriteString(w, `{"success":true,"message":"SMS token was sent","cellphone":"+1-XXX-XXX-XX97"}`)
		}
	}))
	defer provider.Close()

	client, ctx := authy.NewClient(provider.URL, "key"), context.Background()
	_, err := client.RequestApproval(ctx, 7, authy.ApprovalRequest{
		Message:         "Sign in?",
		Details:         []authy.Detail{{Label: "Number", Value: "47"}, {Label: "Browser", Value: "Firefox"}},
		HiddenDetails:   map[string]string{"approval_id": "a-1"},
		SecondsToExpire: 120,
	})
	if errors.Is(err, authy.ErrNoDevice) {
		sent, err := client.SendSMS(ctx, 7, authy.SendOptions{Force: true})
		fmt.Println(sent.Message, sent.Cellphone, err)
	}
	fmt.Println(client.VerifyToken(ctx, 7, "12", ""))
	// Output:
	// SMS token was sent +1-XXX-XXX-XX97 <nil>
	// wrong code
}
