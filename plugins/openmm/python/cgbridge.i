%module _plugin

%import(module="openmm") "swig/OpenMMSwigHeaders.i"
%include "std_string.i"
%include "std_vector.i"
%include "header.i"
%include "docstrings.i"

namespace std {
    %template(VectorDouble) vector<double>;
    %template(VectorInt) vector<int>;
}

namespace CGBridge {

class CenterForce : public OpenMM::Force {
public:
    int getNumTypes() const;
    int getNumReplicas() const;
    int getNumParticles() const;
    int addParticle(int type, double weight = 1.0, int replica = 0);
    %apply int& OUTPUT {int& type};
    %apply double& OUTPUT {double& weight};
    void getParticleParameters(int index, int& type, double& weight) const;
    %clear int& type;
    %clear double& weight;
    void setParticleParameters(int index, int type, double weight);
    int getParticleReplica(int index) const;
    void setParticleReplica(int index, int replica);
    void setWeightParameter(const std::string& name, double low, double high, double defaultValue);
    %extend {
        std::string getWeightParameterName() const {
            return self->getWeightParameter().name;
        }
    }
    int addExclusion(int particle1, int particle2);
    void setUsesPeriodicBoundaryConditions(bool periodic);
    bool usesPeriodicBoundaryConditions() const;
    virtual double getCutoffDistance() const;
    std::vector<double> getParticleEnergies(OpenMM::Context& context) const;
    std::vector<double> getVirial(OpenMM::Context& context) const;
    std::vector<double> getReplicaEnergies(OpenMM::Context& context) const;
    void setReplicaScales(OpenMM::Context& context, const std::vector<double>& scales);
    std::vector<double> getReplicaScales(OpenMM::Context& context) const;
    void updateParametersInContext(OpenMM::Context& context);
protected:
    CenterForce(int numTypes, int numReplicas, const std::string& name);
};

class TripletForce : public CenterForce {
public:
    bool hasTripletParameters(int type1, int type2, int type3, int replica = 0) const;
protected:
    TripletForce(int numTypes, int numReplicas, const std::string& name);
};

%apply double& OUTPUT {double& m, double& gamma, double& lambda3, double& c, double& d, double& cosTheta0,
                       double& n, double& beta, double& lambda2, double& B, double& R, double& D,
                       double& lambda1, double& A, double& epsilon, double& sigma, double& a, double& p,
                       double& q, double& tol};
%apply double& OUTPUT {double& lambda_};

class TersoffForce : public TripletForce {
public:
    explicit TersoffForce(int numTypes, int numReplicas = 1);
    void setTripletParameters(int type1, int type2, int type3, double m, double gamma, double lambda3,
                              double c, double d, double cosTheta0, double n, double beta, double lambda2,
                              double B, double R, double D, double lambda1, double A, int replica = 0);
    void getTripletParameters(int type1, int type2, int type3, double& m, double& gamma, double& lambda3,
                              double& c, double& d, double& cosTheta0, double& n, double& beta, double& lambda2,
                              double& B, double& R, double& D, double& lambda1, double& A,
                              int replica = 0) const;
    %newobject extractReplica;
    TersoffForce* extractReplica(int replica) const;
};

class StillingerWeberForce : public TripletForce {
public:
    explicit StillingerWeberForce(int numTypes, int numReplicas = 1);
    void setTripletParameters(int type1, int type2, int type3, double epsilon, double sigma, double a,
                              double lambda_, double gamma, double cosTheta0, double A, double B, double p,
                              double q, double tol, int replica = 0);
    void getTripletParameters(int type1, int type2, int type3, double& epsilon, double& sigma, double& a,
                              double& lambda_, double& gamma, double& cosTheta0, double& A, double& B, double& p,
                              double& q, double& tol, int replica = 0) const;
    %newobject extractReplica;
    StillingerWeberForce* extractReplica(int replica) const;
};

class DescriptorNetworkForce : public CenterForce {
public:
    explicit DescriptorNetworkForce(int numTypes, int numReplicas = 1);
    void setRadialDescriptors(double cutoff, int numFunctions, int basisSize);
    void setAngularDescriptors(double cutoff, int numFunctions, int basisSize, int maxOrder, bool fourBody = false, bool fiveBody = false);
    void setHiddenLayers(const std::vector<int>& numNeurons);
    int getNumDescriptors() const;
    int getNumNetworkParameters() const;
    void setRadialCoefficients(int type1, int type2, const std::vector<double>& coefficients, int replica = 0);
    const std::vector<double>& getRadialCoefficients(int type1, int type2, int replica = 0) const;
    void setAngularCoefficients(int type1, int type2, const std::vector<double>& coefficients, int replica = 0);
    const std::vector<double>& getAngularCoefficients(int type1, int type2, int replica = 0) const;
    void setNetwork(int type, const std::vector<double>& parameters, int replica = 0);
    void setRepulsion(int type1, int type2, double strength, int replica = 0);
    double getRepulsion(int type1, int type2, int replica = 0) const;
    const std::vector<double>& getNetwork(int type, int replica = 0) const;
    %newobject extractReplica;
    DescriptorNetworkForce* extractReplica(int replica) const;
};

} // namespace CGBridge

// Give a Force that came out of OpenMM as the plain base class its own class back.  None means
// that it is of another kind.
%inline %{
PyObject* _castForce(OpenMM::Force* force, bool own) {
    int flags = (own ? SWIG_POINTER_OWN : 0);
    if (auto* tersoff = dynamic_cast<CGBridge::TersoffForce*>(force))
        return SWIG_NewPointerObj(tersoff, SWIGTYPE_p_CGBridge__TersoffForce, flags);
    if (auto* stillingerWeber = dynamic_cast<CGBridge::StillingerWeberForce*>(force))
        return SWIG_NewPointerObj(stillingerWeber, SWIGTYPE_p_CGBridge__StillingerWeberForce, flags);
    if (auto* network = dynamic_cast<CGBridge::DescriptorNetworkForce*>(force))
        return SWIG_NewPointerObj(network, SWIGTYPE_p_CGBridge__DescriptorNetworkForce, flags);
    Py_RETURN_NONE;
}
%}
