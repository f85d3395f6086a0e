package main

import "testing"

// Each attack of the catalogue has a test of its name, so that it can be tried alone.

func TestA01(t *testing.T)  { refused(t, "A-01") }
func TestA02(t *testing.T)  { refused(t, "A-02") }
func TestA03(t *testing.T)  { refused(t, "A-03") }
func TestA04(t *testing.T)  { refused(t, "A-04") }
func TestA06(t *testing.T)  { refused(t, "A-06") }
func TestA13(t *testing.T)  { refused(t, "A-13") }
func TestA14(t *testing.T)  { refused(t, "A-14") }
func TestA16(t *testing.T)  { refused(t, "A-16") }
func TestA17(t *testing.T)  { refused(t, "A-17") }
func TestA10(t *testing.T)  { refused(t, "A-10") }
func TestA1A(t *testing.T)  { refused(t, "A-1A") }
func TestA1B(t *testing.T)  { refused(t, "A-1B") }
func TestA1C(t *testing.T)  { refused(t, "A-1C") }
func TestA1E(t *testing.T)  { refused(t, "A-1E") }
func TestA20(t *testing.T)  { refused(t, "A-20") }
func TestA21(t *testing.T)  { refused(t, "A-21") }
func TestA22(t *testing.T)  { refused(t, "A-22") }
func TestA23(t *testing.T)  { refused(t, "A-23") }
func TestA27(t *testing.T)  { refused(t, "A-27") }
func TestA77(t *testing.T)  { refused(t, "A-77") }
func TestA24(t *testing.T)  { refused(t, "A-24") }
func TestA25(t *testing.T)  { refused(t, "A-25") }
func TestA26(t *testing.T)  { refused(t, "A-26") }
func TestA28(t *testing.T)  { refused(t, "A-28") }
func TestA29(t *testing.T)  { refused(t, "A-29") }
func TestA2A(t *testing.T)  { refused(t, "A-2A") }
func TestA73(t *testing.T)  { refused(t, "A-73") }
func TestA74(t *testing.T)  { refused(t, "A-74") }
func TestA75(t *testing.T)  { refused(t, "A-75") }
func Test6_20(t *testing.T) { refused(t, "6.20") }
func TestA40(t *testing.T)  { refused(t, "A-40") }
func TestA41(t *testing.T)  { refused(t, "A-41") }
func TestA42(t *testing.T)  { refused(t, "A-42") }
func TestA44(t *testing.T)  { refused(t, "A-44") }
func TestA45(t *testing.T)  { refused(t, "A-45") }
func TestA46(t *testing.T)  { refused(t, "A-46") }
func TestA47(t *testing.T)  { refused(t, "A-47") }
func TestA79(t *testing.T)  { refused(t, "A-79") }
func TestA50(t *testing.T)  { refused(t, "A-50") }
func TestA51(t *testing.T)  { refused(t, "A-51") }
func TestA52(t *testing.T)  { refused(t, "A-52") }
func TestA54(t *testing.T)  { refused(t, "A-54") }
func TestA55(t *testing.T)  { refused(t, "A-55") }
func TestA56(t *testing.T)  { refused(t, "A-56") }
func Test6_14(t *testing.T) { refused(t, "6.14") }
func TestA60(t *testing.T)  { refused(t, "A-60") }
func TestA61(t *testing.T)  { refused(t, "A-61") }
func TestA63(t *testing.T)  { refused(t, "A-63") }
func TestA64(t *testing.T)  { refused(t, "A-64") }
func TestA65(t *testing.T)  { refused(t, "A-65") }
func TestA66(t *testing.T)  { refused(t, "A-66") }
func TestA76(t *testing.T)  { refused(t, "A-76") }
func TestA78(t *testing.T)  { refused(t, "A-78") }
func Test6_15(t *testing.T) { refused(t, "6.15") }
func Test6_17(t *testing.T) { refused(t, "6.17") }
func TestA70(t *testing.T)  { refused(t, "A-70") }
func TestA71(t *testing.T)  { refused(t, "A-71") }
func TestA72(t *testing.T)  { refused(t, "A-72") }
func Test6_16(t *testing.T) { refused(t, "6.16") }
