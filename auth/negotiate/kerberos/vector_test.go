package kerberos

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/jcmturner/gokrb5/v8/crypto/common"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestStringToKey: RFC 3962 appendix B and RFC 8009 appendix A.
func TestStringToKey(t *testing.T) {
	random := string(unhex(t, "10df9dd783e5bc8acea1730e74355f61"))
	tests := []struct {
		etype        int32
		iterations   uint32
		phrase, salt string
		key          string
	}{
		{17, 1, "password", "ATHENA.MIT.EDUraeburn", "42263c6e89f4fc28b8df68ee09799f15"},
		{18, 1, "password", "ATHENA.MIT.EDUraeburn", "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161"},
		{18, 1200, "password", "ATHENA.MIT.EDUraeburn", "55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a"},
		{18, 50, "\U0001d11e", "EXAMPLE.COMpianist", "4b6d9839f84406df1f09cc166db4b83c571848b784a3d6bdc346589a3e393f9e"},
		{19, 32768, "password", random + "ATHENA.MIT.EDUraeburn", "089bca48b105ea6ea77ca5d2f39dc5e7"},
	}
	for _, tt := range tests {
		et, err := strong(tt.etype)
		if err != nil {
			t.Fatal(err)
		}
		key, err := et.StringToKey(tt.phrase, tt.salt, common.IterationsToS2Kparams(tt.iterations))
		if err != nil || !bytes.Equal(key, unhex(t, tt.key)) {
			t.Errorf("encryption type %d, %d iterations: %x, %v", tt.etype, tt.iterations, key, err)
		}
	}
}

// TestCiphertextStealing: RFC 3962 appendix B, the key "chicken teriyaki".
func TestCiphertextStealing(t *testing.T) {
	et, err := strong(17)
	if err != nil {
		t.Fatal(err)
	}
	for plain, want := range map[string]string{
		"I would like the ":                "c6353568f2bf8cb4d8a580362da7ff7f97",
		"I would like the General Gau's ":  "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5",
		"I would like the General Gau's C": "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584",
	} {
		_, got, err := et.EncryptData([]byte("chicken teriyaki"), []byte(plain))
		if err != nil || !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("%q: %x, %v", plain, got, err)
		}
	}
}

// TestPublishedMessages: RFC 8009 appendix A, usage 2.
func TestPublishedMessages(t *testing.T) {
	const key128, key256 = "3705d96080c17728a0e800eab6e0d23c", "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52"
	tests := []struct {
		etype              int32
		key, plain, cipher string
	}{
		{19, key128, "", "ef85fb890bb8472f4dab20394dca781dad877eda39d50c870c0d5a0a8e48c718"},
		{19, key128, "000102030405", "84d7f30754ed987bab0bf3506beb09cfb55402cef7e6877ce99e247e52d16ed4421dfdf8976c"},
		{19, key128, "000102030405060708090a0b0c0d0e0f1011121314", "720f73b18d9859cd6ccb4346115cd336c70f58edc0c4437c5573544c31c813bce1e6d072c186b39a413c2f92ca9b8334a287ffcbfc"},
		{20, key256, "", "41f53fa5bfe7026d91faf9be959195a058707273a96a40f0a01960621ac612748b9bbfbe7eb4ce3c"},
		{20, key256, "000102030405", "4ed7b37c2bcac8f74f23c1cf07e62bc7b75fb3f637b9f559c7f664f69eab7b6092237526ea0d1f61cb20d69d10f2"},
		{20, key256, "000102030405060708090a0b0c0d0e0f1011121314", "40013e2df58e8751957d2878bcd2d6fe101ccfd556cb1eae79db3c3ee86429f2b2a602ac86fef6ecb647d6295fae077a1feb517508d2c16b4192e01f62"},
	}
	for _, tt := range tests {
		et, err := strong(tt.etype)
		if err != nil {
			t.Fatal(err)
		}
		cipher := unhex(t, tt.cipher)
		got, err := et.DecryptMessage(unhex(t, tt.key), cipher, 2)
		if err != nil || !bytes.Equal(got, unhex(t, tt.plain)) {
			t.Errorf("encryption type %d: %x, %v", tt.etype, got, err)
		}
		cipher[3] ^= 1
		if _, err := et.DecryptMessage(unhex(t, tt.key), cipher, 2); err == nil {
			t.Errorf("encryption type %d: an altered message is accepted", tt.etype)
		}
	}
}
